"""Tables in a pipe; `test_terminal.py` draws them on a terminal."""

import pytest

from regolo_git.cli.columns import Column
from regolo_git.cli.tables import Cell, aligned, put_table


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


def test_no_colour_wins_over_forced_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    put_table([Column("A")], [(Cell("x", "green"),)])
    assert capsys.readouterr().out == "A\nx\n"
