"""Tables for people: drawn by rich on a terminal, as aligned columns in a pipe.

A pipe gets every character of every cell, and does not pay for importing rich.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regolo_git.cli.streams import is_terminal, put, takes_colour
from regolo_git.cli.words import signs

GAP = 2
UNLIMITED = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `right` aligns numbers, `flexible` may be cut where a terminal is too narrow."""

    title: str
    right: bool = False
    flexible: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a colour ("green", "red", "yellow", "dim", "bold")."""

    text: str
    style: str = ""


Row = Sequence[Cell | str]


def put_table(
    columns: Sequence[Column], rows: Iterable[Row], *, indent: int = 0, titled: bool = True
) -> None:
    """Prints a table on stdout; nothing where it has no rows."""
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    if not cells:
        return
    columns, cells = _without_empty_columns(columns, cells)
    if is_terminal(sys.stdout) or takes_colour(sys.stdout):
        _draw(columns, cells, indent, titled)
        return
    texts = [[signs(cell.text) for cell in row] for row in cells]
    if titled:
        texts.insert(0, [column.title for column in columns])
    for line in aligned(columns, texts):
        put(" " * indent + line)


def _without_empty_columns(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> tuple[list[Column], list[list[Cell]]]:
    """A title over nothing only makes people look for something."""
    filled = [index for index in range(len(columns)) if any(row[index].text for row in rows)]
    return [columns[index] for index in filled], [[row[index] for index in filled] for row in rows]


def aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in which every cell has its full width."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    return [
        (" " * GAP)
        .join(
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        .rstrip()
        for row in rows
    ]


def _draw(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], indent: int, titled: bool) -> None:
    # Only a terminal pays for importing rich.
    from rich.console import Console  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", show_header=titled)
    for column in columns:
        # Only flexible columns give way; their cells are cut rather than folded into lines of their own.
        table.add_column(
            column.title, justify="right" if column.right else "left", no_wrap=not column.flexible
        )
    for row in rows:
        table.add_row(
            *(Text(signs(cell.text), style=cell.style, no_wrap=True, overflow="ellipsis") for cell in row)
        )
    coloured = takes_colour(sys.stdout)
    console = Console(
        file=sys.stdout,
        no_color=not coloured,
        force_terminal=coloured,
        # Colour that was asked for is drawn on a terminal that says it has none, too.
        color_system="standard" if coloured and os.environ.get("TERM") == "dumb" else "auto",
        width=None if is_terminal(sys.stdout) else UNLIMITED,
        highlight=False,
    )
    console.print(Padding(table, (0, 0, 0, indent), expand=False))
