"""Words, tables, bars and fields, without a registry."""

import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.cli.columns import Column, fit, groups
from regolo_git.cli.forms import flat, plain_text, put_json
from regolo_git.cli.streams import signs, takes_colour
from regolo_git.cli.tables import Cell, aligned, put_table
from regolo_git.review.comparison_page import value_text


def test_columns_are_aligned_and_lines_have_no_blanks_at_the_end() -> None:
    columns = [Column("NAME"), Column("SIZE", right=True), Column("NOTE")]
    assert aligned(columns, [["NAME", "SIZE", "NOTE"], ["a", "12 MB", ""], ["long", "1 B", "x"]]) == [
        "NAME   SIZE  NOTE",
        "a     12 MB",
        "long    1 B  x",
    ]


def test_a_pipe_gets_ascii_signs_and_the_whole_width(capsys: pytest.CaptureFixture[str]) -> None:
    put_table([Column("A", flexible=True), Column("B")], [("x" * 300, Cell("▲ better", "green"))])
    assert capsys.readouterr().out == f"{'A'.ljust(300)}  B\n{'x' * 300}  + better\n"


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
    assert groups([10, 10, 10, 50, 3], 22) == [range(2), range(2, 3), range(3, 4), range(4, 5)]
    assert groups([10, 10, 10], 34) == [range(3)]


def test_a_value_is_written_as_in_the_manifest() -> None:
    values = (None, True, ["a", "b"], [{"k": 1}], "text", 3)
    assert [value_text(value) for value in values] == ["-", "true", '["a", "b"]', "[{ k = 1 }]", "text", "3"]


def test_a_table_without_rows_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    put_table([Column("A")], [])
    assert capsys.readouterr().out == ""


def test_colour_can_be_forced_into_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    put_table([Column("A", flexible=True)], [(Cell("x" * 300, "green"),)])
    out = capsys.readouterr().out
    assert "\x1b[32m" in out
    assert "x" * 300 in out


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_the_other_names_for_colour_are_known(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert takes_colour(sys.stdout) is coloured


def test_no_colour_wins_over_forced_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    put_table([Column("A")], [(Cell("x", "green"),)])
    assert capsys.readouterr().out == "A\nx\n"


@given(st.text())
def test_somebodys_text_never_steers_a_terminal_or_splits_a_field(text: str) -> None:
    assert plain_text(text).isprintable()


def test_fields_are_plain() -> None:
    east = timezone(timedelta(hours=2))
    assert plain_text(None) == ""
    assert plain_text(True) == "true"
    assert plain_text(datetime(2026, 7, 1, 12, 0, tzinfo=east)) == "2026-07-01T10:00:00Z"


def test_a_tree_becomes_names_with_dots() -> None:
    assert list(flat({"a": {"b": 1, "c": [2, 3]}, "d": None, "e": False})) == [
        ("a.b", 1),
        ("a.c", 2),
        ("a.c", 3),
        ("e", False),
    ]


def test_json_has_times_in_utc_and_readable_text(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"when": datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "who": "Zoë"})
    assert capsys.readouterr().out == '{\n  "when": "2026-07-01T12:00:00Z",\n  "who": "Zoë"\n}\n'


def test_our_own_signs_have_a_form_in_ascii() -> None:
    assert signs("1.0 → 1.1 …") == "1.0 -> 1.1 ..."
