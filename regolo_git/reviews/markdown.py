"""Writes a page as Markdown for a pull request."""

import re
from collections.abc import Iterator

from regolo_git.reviews.page import Cell, Page, Row, Section, cell
from regolo_git.text.printable import without_controls

# What a host makes a link, a mention or an image of: an invisible character apart, it stays text.
LINKED = re.compile(
    r"@(?=\S)|:(?=//)|:(?=[\w+\-\\]+:)|\bwww(?=\.)|[#!](?=\d)|\bGH(?=-\d)|&amp;(?=\w)|[%~](?=[\w\"])|\$",
    re.IGNORECASE,
)
APART = "&#8203;"


def to_markdown(page: Page) -> str:
    """The page as Markdown: a title, the lead, and a table for each section."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield f"## {escape(page.subject)}: {escape(page.title)}"
    yield ""
    yield "".join(map(_lead, page.lead))
    for section in page.sections:
        if section.rows:
            yield from _section(section)


def _lead(part: Cell) -> str:
    return f"**{escape(part.text)}**" if part.meaning == "strong" else escape(part.text)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"### {escape(section.title)}"
    yield ""
    yield _row([column.title for column in section.columns])
    yield "|" + " --- |" * len(section.columns)
    shown = section.rows[: section.most]
    yield from map(_row, shown)
    if len(section.rows) > len(shown):
        yield f"\n… and {len(section.rows) - len(shown)} more."


def _row(row: Row) -> str:
    return "| " + " | ".join(escape(cell(content).text) for content in row) + " |"


def escape(text: str) -> str:
    """Escapes markup, and removes control characters because the page may be printed on a terminal."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "<br>".join(_escape_line(line) for line in lines)


def _escape_line(line: str) -> str:
    for character in "\\`*_[]|~":
        line = line.replace(character, "\\" + character)
    line = without_controls(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A dollar sign begins a formula, however it is escaped, unless it is not there.
    return LINKED.sub(lambda found: f"{found[0]}{APART}", line).replace("$", "&#36;")
