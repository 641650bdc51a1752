"""A page on a terminal and in a pipe."""

import pytest
from support.changes import changes, hostile_changes

from regolo_git.cli.pages.terminal import drawn, put_page
from regolo_git.cli.tables import Cell as Drawn
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.page import Cell, Column, Page, Section

COMPARISON = """\
nlp/m  1.0 -> 1.1-rc.1  4.1 kB -> 5.0 kB (+904 B)
  second

Metrics
  METRIC         1.0  1.1-rc.1  CHANGE  RELATIVE  VERDICT
  accuracy (%)  0.89      0.92   +0.03    +3.37%  + better
  gone           2.0         -                    not measured
  new              -         3                    added
  same             1         1                    same

Metadata
  NAME  1.0  1.1-rc.1
  note  old  ["new", "er"]
  flag  -    true

Files
  FILE   CHANGE   1.0  1.1-rc.1
  a.bin  changed  1 B       2 B
  b.txt  added      -    1.5 kB

Tensors (1 unchanged)
  TENSOR  CHANGE    1.0      1.1-rc.1
  y       removed   F32 [2]  -
  x       reshaped  F32 [2]  F32 [3, 1]

suggested bump: major
"""


def put(page: Page, capsys: pytest.CaptureFixture[str]) -> str:
    put_page(page)
    return capsys.readouterr().out


def test_a_comparison_is_a_table_for_each_kind_of_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert put(comparison_page(changes()), capsys) == COMPARISON


def test_names_and_values_stand_where_there_are_no_columns(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page("m@1.0", "", [Section("", [("size", "1 B"), ("digest", "d")])], brief="ready", notes=["n\nm"])
    assert put(page, capsys) == "m@1.0  ready\n  n m\n\n  size    1 B\n  digest  d\n"


def test_columns_without_a_title_have_no_heading(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page("m", "t", [Section("S", [("a", "1")], [Column(""), Column("", number=True)])], brief="b")
    assert put(page, capsys) == "m  t  b\n\nS\n  a  1\n"


def test_rows_beyond_a_screenful_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    section = Section("S", [("a",), ("b",), ("c",)], [Column("")], screenful=1, rest="see there")
    assert put(Page("m", "", [section], brief="b"), capsys).endswith("  a\n  ... and 2 more: see there\n")


def test_a_section_without_rows_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert put(Page("m", "", [Section("S", [])], brief="b"), capsys) == "m  b\n"


def test_a_meaning_has_a_colour() -> None:
    assert drawn(Cell("▼ worse", "worse")) == Drawn("▼ worse", "red")
    assert drawn(Cell("not measured", "unclear")) == Drawn("not measured", "yellow")
    assert drawn("plain") == Drawn("plain")


def test_hostile_text_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = put(comparison_page(hostile_changes()), capsys)
    assert all(line.isprintable() for line in said.splitlines())
    assert len(said.splitlines()) == 2 + 4 * 4 + 2
