"""How wide each column of a table becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.cli.columns import Column, fit, groups

COLUMNS = [Column("NAME"), Column("BY", spare=1), Column("COMMIT", spare=2), Column("WHY", flexible=True)]


@pytest.mark.parametrize(
    ("available", "layout"),
    [
        (80, {0: 10, 1: 9, 2: 10, 3: 30}),
        (60, {0: 10, 1: 9, 2: 10, 3: 25}),
        (46, {0: 10, 1: 9, 3: 23}),
        (24, {0: 10, 3: 12}),
        (23, None),
    ],
)
def test_a_table_gives_way_in_an_order(available: int, layout: dict[int, int] | None) -> None:
    assert fit(COLUMNS, [10, 9, 10, 30], available) == layout


@given(st.lists(st.integers(1, 200), min_size=4, max_size=4), st.integers(1, 200))
def test_a_layout_fits_and_cuts_flexible_columns_only(widths: list[int], available: int) -> None:
    layout = fit(COLUMNS, widths, available)
    if layout is None:
        assert widths[0] + 2 + min(widths[3], 12) > available
    else:
        assert sum(layout.values()) + 2 * (len(layout) - 1) <= available
        assert all(width == widths[place] for place, width in layout.items() if place != 3)


def test_rows_stand_side_by_side_as_far_as_they_fit() -> None:
    assert groups([10, 10, 10], 34) == [range(3)]
    assert groups([10, 10, 10, 10, 3], 22) == [range(2), range(2, 4), range(4, 5)]
    assert groups([10, 10, 10, 50, 3], 22) == [range(n, n + 1) for n in range(5)]  # the same in each block
    assert groups([], 22) == []
