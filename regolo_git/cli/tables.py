"""Tables for people: drawn by rich on a terminal, as aligned columns in a pipe.

A pipe gets every character of every cell, and does not pay for importing rich.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regolo_git.cli.streams import is_terminal, put, takes_colour
from regolo_git.cli.words import signs

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `right` aligns numbers, `flexible` may be cut where a terminal is too narrow."""

    title: str
    right: bool = False
    flexible: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a colour ("green", "red", "yellow", "cyan", "dim", "bold")."""

    text: str
    style: str = ""


Row = Sequence[Cell | str]


def put_table(columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Prints a table on stdout."""
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    if is_terminal(sys.stdout) or takes_colour(sys.stdout):
        _draw(columns, cells)
    else:
        for line in aligned(columns, [[signs(cell.text) for cell in row] for row in cells]):
            put(line)


def aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in which every cell has its full width."""
    titled = [[column.title for column in columns], *rows]
    widths = [max(len(row[index]) for row in titled) for index in range(len(columns))]
    lines = []
    for row in titled:
        padded = [
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        ]
        lines.append((" " * GAP).join(padded).rstrip())
    return lines


def _draw(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    # Only a terminal pays for importing rich.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
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
    width = None if is_terminal(sys.stdout) else 100_000  # a pipe that asked for colour is as wide as needed
    console = Console(
        file=sys.stdout, no_color=not coloured, force_terminal=coloured, width=width, highlight=False
    )
    console.print(table)
