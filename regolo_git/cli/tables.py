"""Tables: drawn by rich on a terminal, as aligned columns in a pipe.

A pipe gets every cell in full and does not import rich.  On a terminal too narrow for a table, the table is
transposed (`columns.py` decides).
"""

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from regolo_git.cli.columns import GAP, Column, fit, groups
from regolo_git.cli.streams import is_terminal, paint, put, signs, takes_colour
from regolo_git.text.printable import one_line

if TYPE_CHECKING:
    from rich.console import Console

UNLIMITED = 100_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a style: "green", "red", "yellow", "dim" or "bold"."""

    text: str
    style: str = ""


Row = Sequence[Cell | str]
Cells = list[list[Cell]]


def put_table(
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    indent: int = 0,
    titled: bool = True,
    wrap: bool = False,
) -> None:
    """Prints a table on stdout, or nothing if it has no rows.

    With `wrap`, a narrow terminal shows flexible columns in several lines rather than truncated.
    """
    cells = [[_as_printed(cell) for cell in row] for row in rows]
    if not cells:
        return
    columns = [replace(column, title=one_line(column.title)) for column in columns]
    columns, cells = _without_empty_columns(columns, cells)
    if is_terminal(sys.stdout) or takes_colour(sys.stdout):
        _draw(columns, cells, indent, titled, wrap)
        return
    texts = [[cell.text for cell in row] for row in cells]
    if titled:
        texts.insert(0, [column.title for column in columns])
    for line in aligned(columns, texts):
        put(" " * indent + line)


def _as_printed(cell: Cell | str) -> Cell:
    text, style = (cell.text, cell.style) if isinstance(cell, Cell) else (cell, "")
    return Cell(signs(one_line(text)), style)


def put_pairs(pairs: Iterable[tuple[str, str]], *, indent: int = 0) -> None:
    """Prints names and values; on a terminal a long value is wrapped between words, never truncated."""
    rows = list(pairs)
    start = max((len(name) for name, _ in rows), default=0) + GAP + indent
    room = _console().width - start if is_terminal(sys.stdout) else UNLIMITED
    for name, value in rows:
        # A longer word is left to the terminal, so that it can be copied in one piece.
        lines = textwrap.wrap(signs(value), max(room, 1), break_long_words=False, break_on_hyphens=False)
        first, *others = lines if room < len(value) and lines else [signs(value)]
        put(f"{' ' * indent}{name}".ljust(start) + first if first else f"{' ' * indent}{name}")
        for line in others:
            put(" " * start + line)


def _without_empty_columns(columns: Sequence[Column], rows: Cells) -> tuple[list[Column], Cells]:
    """Drops columns that are empty in every row."""
    filled = [index for index in range(len(columns)) if any(row[index].text for row in rows)]
    return [columns[index] for index in filled], [[row[index] for index in filled] for row in rows]


def aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, with every cell in full."""
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


def _draw(columns: Sequence[Column], rows: Cells, indent: int, titled: bool, wrap: bool) -> None:
    # rich is slow to import, and only a terminal needs it.
    from rich.cells import cell_len  # noqa: PLC0415

    console = _console()
    available = console.width - indent
    widths = [
        max(cell_len(text) for text in ([column.title] if titled else []) + [row[i].text for row in rows])
        for i, column in enumerate(columns)
    ]
    layout = fit(columns, widths, available)
    if layout is not None:
        chosen = [(columns[i], width) for i, width in layout.items()]
        shown = [[row[i] for i in layout] for row in rows]
        _print(console, chosen, shown, indent, titled, wrap)
    elif titled:
        _put_transposed(columns, rows, indent, available)
    else:
        for row in rows:
            _put_line(row, widths, columns, indent)


def _print(
    console: "Console",
    columns: Sequence[tuple[Column, int]],
    rows: Cells,
    indent: int,
    titled: bool,
    wrap: bool,
) -> None:
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", show_header=titled)
    for column, width in columns:
        side: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=side, no_wrap=not wrap, width=width)
    overflow: Literal["fold", "ellipsis"] = "fold" if wrap else "ellipsis"
    for row in rows:
        table.add_row(
            *(Text(cell.text, style=cell.style, no_wrap=not wrap, overflow=overflow) for cell in row)
        )
    console.print(Padding(table, (0, 0, 0, indent), expand=False))


def _put_transposed(columns: Sequence[Column], rows: Cells, indent: int, available: int) -> None:
    """Prints the titles down the left side, and as many rows side by side as fit."""
    from rich.cells import cell_len  # noqa: PLC0415

    title_width = max(len(column.title) for column in columns)
    widths = [max(cell_len(cell.text) for cell in row) for row in rows]
    for number, group in enumerate(groups(widths, available - title_width - GAP)):
        if number:
            put("")
        across = [title_width, *(widths[i] for i in group)]
        for place, column in enumerate(columns):
            if not any(rows[i][place].text for i in group):
                continue
            line = [Cell(column.title, "bold"), *(rows[i][place] for i in group)]
            _put_line(line, across, [Column("")] * len(line), indent)


def _put_line(cells: Sequence[Cell], widths: Sequence[int], columns: Sequence[Column], indent: int) -> None:
    """Prints a line without trailing blanks, so that a wrapped value can be copied in one piece."""
    from rich.cells import cell_len  # noqa: PLC0415

    line, blanks = "", " " * indent
    for cell, width, column in zip(cells, widths, columns, strict=True):
        space = " " * (width - cell_len(cell.text))
        if cell.text:
            line += blanks + (space if column.right else "") + painted(cell)
            blanks = "" if column.right else space
        else:
            blanks += space
        blanks += " " * GAP
    put(line)


def painted(cell: Cell) -> str:
    """The cell's text in its colour, where stdout takes it."""
    colour = cell.style if cell.style not in ("bold", "dim", "") else None
    return paint(cell.text, sys.stdout, fg=colour, bold=cell.style == "bold", dim=cell.style == "dim")


def width() -> int:
    """The width of the terminal; UNLIMITED in a pipe."""
    return _console().width


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415

    coloured = takes_colour(sys.stdout)
    return Console(
        file=sys.stdout,
        no_color=not coloured,
        force_terminal=coloured,
        # Forced colour applies to a dumb terminal too.
        color_system="standard" if coloured and os.environ.get("TERM") == "dumb" else "auto",
        width=None if is_terminal(sys.stdout) else UNLIMITED,
        highlight=False,
    )
