"""A page as HTML, whatever somebody wrote into it."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.changes import changes, hostile_changes

from regolo_git.reviews.html import escape, to_html
from regolo_git.reviews.page import Cell, Column, Page, Section


def body(page: str) -> ET.Element:
    """The body, read as XML: what we write has all tags closed."""
    return ET.fromstring(page[page.index("<body>") : page.index("</html>")])


def test_a_comparison_is_a_table_for_each_kind_of_change() -> None:
    read = body(changes().to_html())
    assert read.findtext("h1") == "nlp/m: 1.0 → 1.1-rc.1"
    assert read.findtext("p") == "Size 4.1 kB → 5.0 kB (+904 B). Suggested bump: major."
    assert [title.text for title in read.findall("h2")] == [
        "Metrics",
        "Metadata",
        "Files",
        "Tensors (1 unchanged)",
    ]
    assert len(read.findall("table")) == 4


def test_numbers_are_aligned_and_verdicts_have_their_class() -> None:
    table = body(changes().to_html()).find("table")
    assert table is not None
    head, first = table.findall("tr")[:2]
    assert [cell.get("class") for cell in head] == [None, "number", "number", "number", "number", None]
    assert [cell.get("class") for cell in first] == ["", "number", "number", "number", "number", "better"]


def test_what_became_of_a_file_has_no_class() -> None:
    page = Page(
        "m", "t", [Section("S", [(Cell("added", "new"), "1")], [Column("a"), Column("b", number=True)])]
    )
    assert '<tr><td class="">added</td><td class="number">1</td></tr>' in to_html(page)


def test_every_row_is_there_and_a_section_without_rows_is_not() -> None:
    page = Page("m", "t", [Section("Full", [("x",)] * 60, [Column("c")], most=20), Section("Empty", [])])
    assert to_html(page).count("<td") == 60
    assert "Empty" not in to_html(page)


def test_the_page_is_self_contained() -> None:
    page = changes().to_html()
    assert page.startswith("<!doctype html>\n")
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("a\nb", "a\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("Zoë\u00a0日本", "Zoë\u00a0日本"),
    ],
)
def test_what_could_be_mark_up_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text(st.characters(codec=None)))
def test_no_text_becomes_a_tag_or_an_attribute(text: str) -> None:
    shown = escape(text)
    assert not set(shown) & set("<>\"'\x1b\x00")
    shown.encode()


def test_hostile_text_stays_in_its_place() -> None:
    read = body(hostile_changes().to_html())
    assert len(read.findall("h2")) == 4
    assert list(read.iter("b")) == []
    assert [len(table.findall("tr")) for table in read.findall("table")] == [2, 2, 2, 2]
