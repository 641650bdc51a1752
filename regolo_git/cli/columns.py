"""How wide each column of a table becomes on a terminal: a page of arithmetic, without a terminal.

What a row is about must be readable to the end.  So where a table is too wide, first the flexible columns are
cut, then spare columns are left out, and where that is not enough the table has no layout: the caller shows
the rows as columns instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
LEAST = 12  # less of a text than this says nothing


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `right` aligns numbers, `flexible` may be cut where a terminal is too narrow.

    One that is `spare` may be left out there, the greatest number first.
    """

    title: str
    right: bool = False
    flexible: bool = False
    spare: int = 0


def fit(columns: Sequence[Column], widths: Sequence[int], available: int) -> dict[int, int] | None:
    """The width of each column that is shown, by its place; None where nothing fits."""
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
    """Takes from the widest flexible column until all fit; `least` is known to fit."""
    space = available - GAP * (len(widths) - 1)
    widths = {
        index: min(width, space) if columns[index].flexible else width for index, width in widths.items()
    }
    while sum(widths.values()) > space:
        widest = max((i for i in widths if widths[i] > least[i]), key=lambda index: widths[index])
        widths[widest] -= 1
    return widths


def groups(widths: Sequence[int], available: int) -> list[range]:
    """Rows that stand side by side as columns: as many as fit, at least one."""
    found, start = [], 0
    while start < len(widths):
        end, used = start + 1, widths[start]
        while end < len(widths) and used + GAP + widths[end] <= available:
            used += GAP + widths[end]
            end += 1
        found.append(range(start, end))
        start = end
    return found
