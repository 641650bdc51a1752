"""The values of which pages are made."""

from regolo_git.reviews.page import Cell, cell


def test_a_text_alone_is_a_cell_without_a_meaning() -> None:
    assert cell("x") == Cell("x")
    assert cell(Cell("x", "better")) == Cell("x", "better")
