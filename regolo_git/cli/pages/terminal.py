"""Writes a page to a terminal, or as aligned lines to a pipe."""

import sys
from collections.abc import Mapping

from regolo_git.cli import columns, tables
from regolo_git.cli.streams import paint, put, signs
from regolo_git.reviews.page import Cell, Column, Meaning, Page, Section, cell
from regolo_git.text.printable import one_line

INDENT = 2
COLOURS: Mapping[Meaning, str] = {
    "strong": "bold",
    "better": "green",
    "worse": "red",
    "same": "dim",
    "unclear": "yellow",
    "pass": "green",
    "fail": "red",
    "open": "yellow",
    "new": "green",
    "gone": "red",
    "reshaped": "yellow",
}


def put_page(page: Page) -> None:
    """Prints the page on stdout."""
    about = "  ".join(one_line(part) for part in (page.subject, page.title) if part)
    put(signs(f"{paint(about, sys.stdout, bold=True)}  {one_line(page.brief)}"))
    for note in page.notes:
        put(f"  {one_line(note)}")
    for section in page.sections:
        if section.rows:
            _put_section(section)
    if page.conclusion:
        put("")
        put(one_line(page.conclusion))


def _put_section(section: Section) -> None:
    put("")
    if section.title:
        put(paint(one_line(section.title), sys.stdout, bold=True))
    shown = [[drawn(content) for content in row] for row in section.rows[: section.screenful]]
    if section.columns:
        tables.put_table(
            [_column(column) for column in section.columns],
            shown,
            indent=INDENT,
            titled=any(column.title for column in section.columns),
        )
    else:
        tables.put_pairs([(name.text, value.text) for name, value in shown], indent=INDENT)
    if len(section.rows) > len(shown):
        put(signs(f"  … and {len(section.rows) - len(shown)} more: {section.rest}"))


def _column(column: Column) -> columns.Column:
    heading = column.title.upper() if column.heading is None else column.heading
    return columns.Column(one_line(heading), column.number, column.flexible, column.spare)


def drawn(content: Cell | str) -> tables.Cell:
    """Converts a cell of a page to a table cell: one line, in the colour of its meaning."""
    held = cell(content)
    return tables.Cell(one_line(held.text), COLOURS.get(held.meaning, ""))
