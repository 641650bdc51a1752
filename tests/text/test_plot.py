"""Plots as lines of text."""

import sys

import pytest

from regolo_git.text.plot import HEIGHT, plot

NAMES = ["1.0", "1.1", "1.2"]


def test_a_plot_is_read_from_left_to_right() -> None:
    lines = plot([0.5, 0.75, 1.0], NAMES, 80, ascii_only=True)
    assert len(lines) == HEIGHT + 2
    assert lines[0] == "   1 +            *"
    assert lines[HEIGHT - 1] == " 0.5 +*"
    assert lines[-2:] == ["     +-------------", "      1.0       1.2"]
    assert all(line.isascii() for line in lines)


def test_symbols_are_used_where_they_can_be() -> None:
    lines = plot([1, 2], NAMES[:2], 80, ascii_only=False)
    assert lines[0] == "  2 ┤      ●"
    assert lines[-2] == "    └───────"


def test_a_value_that_is_missing_leaves_a_gap() -> None:
    lines = plot([1, None, 2], NAMES, 80, ascii_only=True)
    assert sum(line.count("*") for line in lines) == 2
    assert plot([None], ["1.0"], 80, ascii_only=True) == []


@pytest.mark.parametrize("values", [[3, 3, 3], [7]])
def test_equal_values_are_in_the_middle(values: list[int]) -> None:
    lines = plot(values, NAMES[: len(values)], 80, ascii_only=True)
    rows = [number for number, line in enumerate(lines) if "*" in line]
    assert rows == [HEIGHT - 1 - HEIGHT // 2]


def test_more_values_than_columns_show_their_range_within_the_width() -> None:
    values = [number % 7 for number in range(1000)]
    for width in (80, 40, 3):
        lines = plot(values, [f"1.{number}" for number in range(1000)], width, ascii_only=True)
        assert max(map(len, lines)) <= max(width, 25)
        assert any(":" in line for line in lines)
    assert lines[-1].split() == ["1.0", "1.999"]


def test_the_largest_numbers_do_not_overflow() -> None:
    most = sys.float_info.max
    assert len(plot([-most, 0, most], NAMES, 80, ascii_only=True)) == HEIGHT + 2
    assert len(plot([10**30, 1], NAMES[:2], 80, ascii_only=True)) == HEIGHT + 2


def test_long_names_stay_apart() -> None:
    lines = plot([1, 2], ["production-1.0.0", "production-1.0.1"], 80, ascii_only=True)
    assert lines[-1].endswith("production-1.0.0 .. production-1.0.1")
