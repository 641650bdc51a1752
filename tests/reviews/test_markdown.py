"""A page as Markdown, whatever somebody wrote into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.changes import changes, hostile_changes

from regolo_git.reviews.markdown import escape, to_markdown
from regolo_git.reviews.page import Cell, Column, Page, Section

COMPARISON = """\
## nlp/m: 1.0 → 1.1-rc.1

Size 4.1 kB → 5.0 kB (+904 B). Suggested bump: **major**.

### Metrics

| metric | 1.0 | 1.1-rc.1 | difference | relative | verdict |
| --- | --- | --- | --- | --- | --- |
| accuracy (%) | 0.89 | 0.92 | +0.03 | +3.37% | ▲ better |
| gone | 2.0 | - |  |  | not measured |
| new | - | 3 |  |  | added |
| same | 1 | 1 |  |  | same |

### Metadata

| key | 1.0 | 1.1-rc.1 |
| --- | --- | --- |
| note | old | \\["new", "er"\\] |
| flag | - | true |

### Files

| file | change | 1.0 | 1.1-rc.1 |
| --- | --- | --- | --- |
| a.bin | changed | 1 B | 2 B |
| b.txt | added | - | 1.5 kB |

### Tensors (1 unchanged)

| tensor | change | 1.0 | 1.1-rc.1 |
| --- | --- | --- | --- |
| y | removed | F32 \\[2\\] | - |
| x | reshaped | F32 \\[2\\] | F32 \\[3, 1\\] |
"""


def page(*rows: str, most: int | None = None) -> Page:
    return Page("m", "t", [Section("S", [(row,) for row in rows], [Column("c")], most=most)])


def test_a_comparison_is_a_table_for_each_kind_of_change() -> None:
    assert changes().to_markdown() == COMPARISON


def test_a_section_without_rows_is_left_out() -> None:
    assert to_markdown(page()) == "## m: t\n\n\n"


def test_rows_beyond_the_most_are_counted() -> None:
    assert to_markdown(page("a", "b", "c", most=1)).endswith("| a |\n\n… and 2 more.\n")
    assert "more" not in to_markdown(page("a", "b", "c", most=3))


def test_a_strong_part_of_the_lead_is_bold() -> None:
    lead = [Cell("a_"), Cell("b*", "strong")]
    assert to_markdown(Page("m", "t", [], lead=lead)) == "## m: t\n\na\\_**b\\***\n"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a\\|b"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ("[a](b)", "\\[a\\](b)"),
        ("*a* _b_ `c` \\d", "\\*a\\* \\_b\\_ \\`c\\` \\\\d"),
        ("a\nb\r\nc", "a<br>b<br>c"),
        ("\x1b[31m", "\\x1b\\[31m"),
        ("a\rb", "a\\rb"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("Zoë\u00a0日本\u3000👩\u200d🔬", "Zoë\u00a0日本\u3000👩\u200d🔬"),
    ],
)
def test_what_could_be_mark_up_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text(st.characters(codec=None)))
def test_no_text_leaves_its_cell_or_becomes_html(text: str) -> None:
    shown = escape(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "<" not in shown.replace("<br>", "")
    assert "|" not in shown.replace("\\\\", "").replace("\\|", "")
    shown.encode()


def test_hostile_text_stays_in_its_place() -> None:
    lines = hostile_changes().to_markdown().splitlines()
    assert sum(line.startswith("#") for line in lines) == 5
    for line in lines:
        assert "<b>" not in line
        assert "\x1b" not in line
