"""A document as the Markdown of a comment: inert, and never longer than the host takes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rendered import LINKED, Rendered

from regolo_git.errors import InvalidInput
from regolo_git.reviews.document import (
    DETAIL,
    IMPORTANT,
    KEPT,
    Details,
    Document,
    Grid,
    GridRow,
    Paragraph,
    code,
    strong,
    unbroken,
)
from regolo_git.reviews.document_markdown import FEWEST_CHARACTERS, document_to_markdown
from regolo_git.reviews.page import Cell, Column

HOSTILE = (
    "@octocat https://evil.example www.evil.example #1 !2 ~~gone~~ $x$ :tada: GH-3 <img src=x> ![i](u) [l](u)\n"
    "## heading\n- item\n|cell|`code`\x1b[31m\u202e::error::x %5 ~bug a@b.c &1 <!-- --> --> </details>"
)


def document(*blocks: Paragraph | Grid | Details, **values: object) -> Document:
    return Document(("Heading",), blocks, **values)  # type: ignore[arg-type]


def everywhere(text: str) -> Document:
    """A document with a text in every place that it has."""
    cells = ((text,), (code(text),), (strong(text), Cell(text, "fail")))
    grid = Grid((Column("a"), Column(text or "x"), Column("c")), [GridRow(cells)])
    details = Details((text, code(text), strong(text)), [Paragraph((text,)), grid], opened=True)
    blocks = [Paragraph((text,)), Paragraph((text, code(text)), alert=True), grid, details]
    return Document((text,), blocks, (text, code(text)), "m " + text, (code(text),))


def test_a_document_is_a_heading_blocks_and_a_footer() -> None:
    grid = Grid((Column("a"), Column("n", number=True)), [GridRow((("x|y",), ("1",)))])
    text = document_to_markdown(
        document(
            Paragraph((strong("To do:"), " ", code("a b"))),
            Paragraph(("Careful",), alert=True),
            Details((strong("m 1.0"), ": ok"), [grid]),
            footer=("f",),
            marker="m v1 head=1",
        )
    )
    assert text == (
        "<!-- m v1 head=1 -->\n### Heading\n\n**To do:** `a b`\n\n> [!WARNING]\n> Careful\n"
        "\n<details><summary><b>m 1.0</b>: ok</summary>\n\n| a | n |\n| --- | ---: |\n| x\\|y | 1 |\n"
        "\n</details>\n\n<sub>f</sub>\n"
    )


def assert_inert(text: str) -> None:
    rendered = Rendered(text)
    assert rendered.foreign == set(), rendered.html
    assert LINKED.search(rendered.text) is None, rendered.text
    assert (rendered.count("table"), rendered.count("details"), rendered.count("h3")) == (2, 1, 1)
    assert rendered.count("td") == 6
    assert "$" not in re.sub(r"`[^`\n]*`", "", text), "a formula is found before anything is rendered"
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_hostile_text_is_inert_in_every_place() -> None:
    assert_inert(document_to_markdown(everywhere(HOSTILE)))


PIECES = st.sampled_from([*re.findall(r"\S+|\s", HOSTILE), *"`|\\*_~$:@#<>&[]()!-+=.1a\n\t\u00a0"])


@settings(max_examples=30)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_text_becomes_a_link_a_mention_or_html(text: str) -> None:
    assert_inert(document_to_markdown(everywhere(text)))


@pytest.mark.parametrize("text", ["# a", "> a", "- a", "+ a", "1. a", "2) a", "= a", "    a", "~~~", "---"])
def test_a_paragraph_stays_one(text: str) -> None:
    assert Rendered(document_to_markdown(document(Paragraph((text,))))).elements == ["h3", "p"]


def test_a_paragraph_is_not_a_command_to_the_host() -> None:
    assert "\n/" not in document_to_markdown(document(Paragraph(("/merge",))))


def test_versions_and_figures_are_not_broken() -> None:
    assert unbroken("1.7 → 1.8") in document_to_markdown(document(Paragraph((unbroken("1.7 → 1.8"),))))


# -- the limit --------------------------------------------------------------------------------------------

WEIGHTS = st.sampled_from([KEPT, IMPORTANT, DETAIL])
ROWS = st.lists(st.tuples(WEIGHTS, st.integers(1, 200)), max_size=60)


def of_rows(rows: list[tuple[int, int]]) -> Document:
    """Details with tables, each row with a name that tells its weight."""
    made = [
        GridRow(((code(f"w{weight}n{n}" + "x" * size),),), weight) for n, (weight, size) in enumerate(rows)
    ]
    halves = [Grid((Column("a"),), made[::2]), Grid((Column("a"),), made[1::2])]
    return document(*(Details((f"d{n}",), [grid]) for n, grid in enumerate(halves)), whole=(code("all"),))


@settings(max_examples=30)
@given(ROWS, st.integers(FEWEST_CHARACTERS, 8_000))
def test_what_matters_least_is_left_out_first(rows: list[tuple[int, int]], most: int) -> None:
    text = document_to_markdown(of_rows(rows), most)
    assert len(text) <= most
    kept = set(re.findall(r"`w(\d)n(\d+)", text))
    needed = sum(len(f"| `w0n00{'x' * size}` |\n") for weight, size in rows if weight == KEPT)
    if needed + 700 < most:
        assert {str(n) for n, (weight, _) in enumerate(rows) if weight == KEPT} <= {n for _, n in kept}
    assert text.count("<details>") == text.count("</details>")
    if len(kept) < len(rows):
        assert f"**{len(rows) - len(kept)} line" in text
        assert "`all`" in text


def test_of_many_rows_the_first_are_kept() -> None:
    text = document_to_markdown(of_rows([(DETAIL, 10)] * 5000), 60_000)
    assert len(text) <= 60_000
    assert "`w3n0x" in text
    assert "`w3n4999x" not in text


def test_one_long_text_does_not_take_the_room_of_the_others() -> None:
    rows = [GridRow((("y" * 100_000,),), KEPT), GridRow((("short",),), KEPT)]
    text = document_to_markdown(document(Grid((Column("a"),), rows)), 2_000)
    assert "short" in text
    assert "…" in text


def test_a_limit_that_nothing_fits_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 2000 characters"):
        document_to_markdown(document(), 1999)
