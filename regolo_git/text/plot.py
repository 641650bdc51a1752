"""A plot of a series of numbers, as lines of text."""

from collections.abc import Sequence
from typing import NamedTuple

HEIGHT = 12
LEAST_WIDTH = 20  # of the area, without the numbers beside it


class Marks(NamedTuple):
    """The characters of a plot."""

    point: str
    range: str
    tick: str
    side: str
    corner: str
    bottom: str


SYMBOLS = Marks("●", "│", "┤", "│", "└", "─")
ASCII = Marks("*", ":", "+", "|", "+", "-")


def plot(
    values: Sequence[int | float | None], names: Sequence[str], width: int, *, ascii_only: bool
) -> list[str]:
    """The values from left to right, with the first and the last name below; None leaves a gap.

    At most `width` characters wide.  Where several values share a column, it shows their range and the last.
    """
    known = [value for value in values if value is not None]
    if not known:
        return []
    marks = ASCII if ascii_only else SYMBOLS
    low, high = min(known), max(known)
    labels = _labels(low, high)
    margin = max(map(len, labels.values()))
    area = max(LEAST_WIDTH, width - margin - 2)
    columns = _columns(values, area)
    rows = [
        "".join(_mark(column, row, low, high, marks) for column in columns).rstrip() for row in range(HEIGHT)
    ]
    lines = [
        f"{labels.get(row, ''):>{margin}} {marks.tick if row in labels else marks.side}{rows[row]}"
        for row in reversed(range(HEIGHT))
    ]
    axis = f"{'':{margin}} {marks.corner}{marks.bottom * len(columns)}"
    return [*(line.rstrip() for line in lines), axis, f"{'':{margin}}  {_below(names, len(columns))}"]


def _labels(low: float, high: float) -> dict[int, str]:
    """The numbers beside some rows."""
    if low == high:
        return {HEIGHT // 2: f"{low:.6g}"}
    middle = low + (high / 2 - low / 2)
    return {0: f"{low:.6g}", HEIGHT // 2: f"{middle:.4g}", HEIGHT - 1: f"{high:.6g}"}


def _columns(values: Sequence[int | float | None], area: int) -> list[list[int | float]]:
    """The values in each column; few values are apart, so that a plot of five is not five columns wide."""
    count = len(values)
    step = max(1, min(6, (area - 1) // max(count - 1, 1)))
    used = min(area, (count - 1) * step + 1)
    columns: list[list[int | float]] = [[] for _ in range(used)]
    for number, value in enumerate(values):
        if value is not None:
            columns[number * (used - 1) // max(count - 1, 1)].append(value)
    return columns


def _mark(column: Sequence[int | float], row: int, low: float, high: float, marks: Marks) -> str:
    if not column:
        return " "
    if _row(column[-1], low, high) == row:
        return marks.point
    within = _row(min(column), low, high) <= row <= _row(max(column), low, high)
    return marks.range if within else " "


def _row(value: float, low: float, high: float) -> int:
    span = high - low
    if span == 0 or span == float("inf"):
        return HEIGHT // 2
    # Divided before it is multiplied, so that values near the largest float do not overflow.
    return round((value / span - low / span) * (HEIGHT - 1))


def _below(names: Sequence[str], width: int) -> str:
    first, last = names[0], names[-1]
    if len(names) == 1 or len(first) + len(last) + 1 > width:
        return first if len(names) == 1 else f"{first} .. {last}"
    return first + last.rjust(width - len(first))
