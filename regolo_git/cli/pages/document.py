"""Writes a document to a terminal, wrapped to its width, or line by line to a pipe."""

import sys
import textwrap

from regolo_git.cli import columns, tables
from regolo_git.cli.pages.terminal import COLOURS
from regolo_git.cli.streams import is_terminal, paint, put, signs
from regolo_git.reviews.document import Block, Details, Document, Grid, Paragraph, Text, plain
from regolo_git.reviews.page import Cell, Column
from regolo_git.text.printable import one_line

INDENT = 2
IN_PIPE = 100  # columns of prose
SCREENFUL = 40  # rows of one table


def put_document(document: Document, colour: str) -> None:
    """Prints the document on stdout, its heading in a colour."""
    put(signs(paint(_line(document.heading), sys.stdout, fg=colour, bold=True)))
    for block in document.blocks:
        put("")
        _put_block(block, 0)
    if document.footer:
        put("")
        _put_wrapped(_line(document.footer), 0, dim=True)


def _put_block(block: Block, indent: int) -> None:
    if isinstance(block, Paragraph):
        _put_wrapped(("warning: " if block.alert else "") + _line(block.text), indent)
    elif isinstance(block, Grid):
        _put_grid(block, indent)
    else:
        _put_details(block)


def _put_details(details: Details) -> None:
    put(paint(signs(_line(details.summary)), sys.stdout, bold=True))
    for block in details.blocks:
        _put_block(block, INDENT)


def _put_wrapped(text: str, indent: int, *, dim: bool = False) -> None:
    blanks = " " * indent
    room = max((tables.width() if is_terminal(sys.stdout) else IN_PIPE) - indent, 20)
    lines = textwrap.wrap(signs(text), room, break_long_words=False, break_on_hyphens=False)
    for line in lines:
        put(blanks + paint(line, sys.stdout, dim=dim))


def _put_grid(grid: Grid, indent: int) -> None:
    rows = [[_cell(text) for text in row.cells] for row in grid.rows[:SCREENFUL]]
    tables.put_table([_column(column) for column in grid.columns], rows, indent=indent, wrap=True)
    if len(grid.rows) > SCREENFUL:
        put(signs(f"{' ' * indent}… and {len(grid.rows) - SCREENFUL} more: see --format json"))


def _column(column: Column) -> columns.Column:
    return columns.Column(signs(one_line(column.title).upper()), column.number, column.flexible, column.spare)


def _cell(text: Text) -> tables.Cell:
    meanings = [part.meaning for part in text if isinstance(part, Cell)]
    style = next((COLOURS[meaning] for meaning in meanings if meaning in COLOURS), "")
    return tables.Cell(_line(text), style)


def _line(text: Text) -> str:
    return one_line(plain(text).strip())
