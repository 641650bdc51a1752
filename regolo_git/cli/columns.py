"""Computes the column widths of a table that must fit a terminal.

The subject of a row is never truncated.  When a table is too wide, flexible columns are truncated first, then
spare columns are dropped; if that is not enough there is no layout, and the caller transposes the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
LEAST = 12  # a shorter text would be unreadable


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `right` aligns numbers; on a narrow terminal `flexible` may be truncated.

    A `spare` column may be dropped there, the highest number first.
    """

    title: str
    right: bool = False
    flexible: bool = False
    spare: int = 0


def fit(columns: Sequence[Column], widths: Sequence[int], available: int) -> dict[int, int] | None:
    """The width of each column shown, by index; None if no layout fits."""
    shown = list(range(len(columns)))
    while True:
        least = {index: _least(columns[index], widths[index]) for index in shown}
        if sum(least.values()) + GAP * (len(shown) - 1) <= available:
            return _shrunk(columns, {index: widths[index] for index in shown}, least, available)
        spare = max(shown, key=lambda index: columns[index].spare)
        if not columns[spare].spare:
            return None
        shown.remove(spare)


def _least(column: Column, width: int) -> int:
    return min(width, max(LEAST, len(column.title))) if column.flexible else width


def _shrunk(
    columns: Sequence[Column], widths: dict[int, int], least: dict[int, int], available: int
) -> dict[int, int]:
    """Narrows the widest flexible column until all fit; the widths of `least` fit."""
    space = available - GAP * (len(widths) - 1)
    widths = {
        index: min(width, space) if columns[index].flexible else width for index, width in widths.items()
    }
    while sum(widths.values()) > space:
        widest = max((i for i in widths if widths[i] > least[i]), key=lambda index: widths[index])
        widths[widest] -= 1
    return widths


def groups(widths: Sequence[int], available: int) -> list[range]:
    """Splits transposed rows into groups that fit side by side: as many in each, and at least one."""
    count = next((n for n in range(len(widths), 1, -1) if _all_fit(widths, n, available)), 1)
    return [range(start, min(start + count, len(widths))) for start in range(0, len(widths), count)]


def _all_fit(widths: Sequence[int], count: int, available: int) -> bool:
    """Whether every `count` rows in a row fit beside each other."""
    starts = range(0, len(widths), count)
    return all(sum(width + GAP for width in widths[at : at + count]) - GAP <= available for at in starts)
