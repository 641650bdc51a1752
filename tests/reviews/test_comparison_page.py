"""A comparison as a page: what stands where, before any writer draws it."""

from datetime import UTC, datetime

import pytest
from support.changes import changes
from support.tensors import recipe, tensor

from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.model_card import MetricRule
from regolo_git.reviews.comparison_page import comparison_page, value_text
from regolo_git.reviews.metric_cells import verdict_cell
from regolo_git.reviews.page import Cell, Section, cell
from regolo_git.verdict.metrics import compare_metrics
from regolo_git.verdict.noise import PairedShares
from regolo_git.verdict.tensors import compare_tensors


def section(title: str) -> Section:
    return next(s for s in comparison_page(changes()).sections if s.title.startswith(title))


def test_the_page_says_what_is_compared_and_how_it_ends() -> None:
    page = comparison_page(changes())
    assert (page.subject, page.title) == ("nlp/m", "1.0 → 1.1-rc.1")
    assert page.brief == "4.1 kB → 5.0 kB (+904 B)"
    assert page.lead == [
        Cell("Size 4.1 kB → 5.0 kB (+904 B). Suggested bump: "),
        Cell("major", "strong"),
        Cell("."),
    ]
    assert page.conclusion == "suggested bump: major"


def test_the_same_bytes_suggest_no_bump() -> None:
    page = comparison_page(changes(same_content=True, size_b=4096))
    assert page.lead == [Cell("Size 4.1 kB → 4.1 kB (same size). The content is identical.")]
    assert page.conclusion == "the content is identical"


@pytest.mark.parametrize(
    ("before", "after", "notes"),
    [("first", "second", ["second"]), ("first", "first", []), (None, "new", ["new"]), ("gone", None, [])],
)
def test_a_description_is_noted_where_it_is_new(
    before: str | None, after: str | None, notes: list[str]
) -> None:
    assert comparison_page(changes(description_a=before, description_b=after)).notes == notes


def test_a_metric_has_its_unit_difference_and_verdict() -> None:
    assert list(section("Metrics").rows) == [
        ["accuracy (%)", "0.89", "0.92", "+0.03", "+3.37%", Cell("▲ better", "better")],
        ["gone", "2.0", "-", "", "", Cell("not measured", "unclear")],
        ["new", "-", "3", "", "", Cell("added")],
        ["same", "1", "1", "", "", Cell("same", "same")],
    ]


NOISY = [
    ({"value": 0.912, "n": 2000}, {"value": 0.933, "n": 2000}, ("+0.021 ± 0.014", "n 2,000", "▲ better")),
    ({"value": 0.912, "n": 2000}, {"value": 0.913, "n": 1500}, ("+0.001 ± 0.016", "n 2,000 and 1,500", "within noise")),
    ({"value": 5, "stderr": 1, "runs": 5}, {"value": 1, "stderr": 1, "runs": 5}, ("-4 ± 2.6", "5 runs", "▼ worse")),
    ({"value": 5.0, "stderr": 40}, {"value": 5.5, "stderr": 60}, ("+0.5 ± 120", "standard error", "within noise")),
    ({"value": 0.9, "n": 100}, {"value": 0.9, "n": 100}, ("0 ± 0.072", "n 100", "same")),
    (0.9, 0.8, ("-0.1", "", "lower")),
    (
        {"value": 0.9, "on": "sha256:" + "1" * 64},
        {"value": 0.8, "on": "sha256:" + "2" * 64},
        ("-0.1", "measured on other data", "not comparable"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "shown"), NOISY, ids=lambda value: value[2] if isinstance(value, tuple) else ""
)
def test_a_metric_has_its_noise_beside_it(a: object, b: object, shown: tuple[str, str, str]) -> None:
    before = {"m": Measurement.of(a), "x": Measurement(0.9, n=10)}
    after = {"m": Measurement.of(b), "x": Measurement(0.8, n=10)}
    page = comparison_page(changes(metrics=compare_metrics(before, after, {"m": MetricRule("higher")})))
    columns = [column.title for column in page.sections[0].columns]
    assert columns == ["metric", "1.0", "1.1-rc.1", "difference", "relative", "measured", "verdict"]
    row = [cell(content) for content in page.sections[0].rows[0]]
    assert (row[3].text, row[5].text, row[6].text) == shown


def test_cases_compared_one_by_one_are_called_paired() -> None:
    sides = {"m": Measurement(0.912)}, {"m": Measurement(0.933)}
    metrics = compare_metrics(*sides, {"m": MetricRule("higher")}, {"m": PairedShares(2000, 21, 63)})
    assert comparison_page(changes(metrics=metrics)).sections[0].rows[0][3:] == (
        "+0.021 ± 0.0076", "+2.30%", "paired, n 2,000", Cell("▲ better", "better"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tolerance", "text"),
    [("loss", None, "higher (worse?)"), ("acc", 0.1, "changed (better?)"), ("widgets", None, "higher")],
)
def test_a_guess_is_a_question_without_colour(name: str, tolerance: float | None, text: str) -> None:
    sides = {name: Measurement(1)}, {name: Measurement(2)}
    (change,) = compare_metrics(*sides, {name: MetricRule(tolerance_abs=tolerance)}).values()
    assert verdict_cell(change) == Cell(text)


def test_files_and_tensors_have_what_became_of_them() -> None:
    assert list(section("Files").rows) == [
        ("a.bin", Cell("changed"), "1 B", "2 B"),
        ("b.txt", Cell("added", "new"), "-", "1.5 kB"),
    ]
    assert section("Tensors").title == "Tensors (1 unchanged)"
    all_changed = comparison_page(changes(tensors=compare_tensors(recipe(tensor("x")), recipe(tensor("y")))))
    assert all_changed.sections[-1].title == "Tensors"
    assert list(section("Tensors").rows) == [
        ("y", Cell("removed", "gone"), "F32 [2]", "-"),
        ("x", Cell("reshaped", "reshaped"), "F32 [2]", "F32 [3, 1]"),
    ]


def test_without_recipes_there_is_no_section_of_tensors() -> None:
    titles = [section.title for section in comparison_page(changes(tensors=None)).sections]
    assert titles == ["Metrics", "Metadata", "Files"]


def test_a_version_is_a_heading_as_it_is_written() -> None:
    for kind in ("Metrics", "Metadata", "Files", "Tensors"):
        headings = [column.heading for column in section(kind).columns]
        assert {"1.0", "1.1-rc.1"} <= set(headings)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("plain words", "plain words"),
        (True, "true"),
        (3, "3"),
        (["a", "b"], '["a", "b"]'),
        ([{"rate": 0.1}, [1, 2]], "[{ rate = 0.1 }, [1, 2]]"),
        (datetime(2026, 11, 25, 16, 2, tzinfo=UTC), "2026-11-25T16:02:00Z"),
    ],
)
def test_metadata_reads_as_it_does_in_the_manifest(value: "MetadataValue | None", text: str) -> None:
    assert value_text(value) == text


def test_a_value_is_written_as_in_the_manifest() -> None:
    values = (None, True, ["a", "b"], [{"k": 1}], "text", 3)
    assert [value_text(value) for value in values] == ["-", "true", '["a", "b"]', "[{ k = 1 }]", "text", "3"]
