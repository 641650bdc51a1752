"""Comparisons: differences, directions, verdicts, tensors, pages."""

from datetime import UTC, datetime

import pytest

from regolo_git.records.metadata import MetadataValue
from regolo_git.records.model_card import MetricRule
from regolo_git.records.recipe import Recipe, RecipeTensor
from regolo_git.review.tensors import compare_tensors
from regolo_git.review.words import value_text
from regolo_git.verdict.metrics import compare_metrics, decimal_difference


def rule(**values: object) -> MetricRule:
    defaults = {"direction": None, "tolerance_abs": None, "tolerance_rel": None, "unit": None}
    return MetricRule(**{**defaults, **values})  # type: ignore[arg-type]


def test_a_difference_is_what_a_person_computes() -> None:
    assert decimal_difference(0.89, 0.92) == 0.03
    assert decimal_difference(150, 165) == 15


def test_a_metric_with_a_known_name_has_a_verdict() -> None:
    changes = compare_metrics({"accuracy": 0.89, "loss": 0.3}, {"accuracy": 0.92, "loss": 0.4}, {})
    assert changes["accuracy"]["verdict"] == "better"
    assert changes["accuracy"]["relative"] == pytest.approx(0.03 / 0.89)
    assert changes["loss"]["verdict"] == "worse"


def test_a_metric_of_unknown_direction_only_changed() -> None:
    assert compare_metrics({"widgets": 1}, {"widgets": 2}, {})["widgets"]["verdict"] == "changed"


def test_the_card_turns_a_direction_around() -> None:
    rules = {"accuracy": rule(direction="lower")}
    assert compare_metrics({"accuracy": 0.1}, {"accuracy": 0.2}, rules)["accuracy"]["verdict"] == "worse"


@pytest.mark.parametrize(("after", "verdict"), [(0.93, "same"), (0.91, "same"), (0.9301, "better")])
def test_a_change_within_the_tolerance_is_none(after: float, verdict: str) -> None:
    rules = {"accuracy": rule(tolerance_abs=0.01)}
    assert compare_metrics({"accuracy": 0.92}, {"accuracy": after}, rules)["accuracy"]["verdict"] == verdict


def test_a_zero_baseline_has_no_relative_change() -> None:
    change = compare_metrics({"loss": 0}, {"loss": 1}, {})["loss"]
    assert (change["diff"], change["relative"]) == (1, None)


def test_a_missing_metric_is_said_and_not_guessed() -> None:
    changes = compare_metrics({"accuracy": 0.9}, {"f1": 0.8}, {})
    assert changes["accuracy"]["verdict"] == "removed"
    assert (changes["f1"]["verdict"], changes["f1"]["diff"]) == ("added", None)


def tensor(
    name: str, dtype: str = "F32", shape: tuple[int, ...] = (2,), at: int = 0, fill: str = "a"
) -> RecipeTensor:
    return RecipeTensor(name=name, dtype=dtype, shape=shape, offset=at, size=8, blake3=fill * 64)


def recipe(*tensors: RecipeTensor) -> Recipe:
    return Recipe(kind="file", files=(), tensors=tensors, chunks=())


def test_tensors_are_matched_by_name_and_compared_by_digest() -> None:
    before = recipe(tensor("a"), tensor("b"), tensor("c"), tensor("gone"))
    after = recipe(tensor("a"), tensor("b", fill="b"), tensor("c", shape=(1, 2)), tensor("new"))
    compared = compare_tensors(before, after)
    assert compared.unchanged == 1
    assert {c.name: c.kind for c in compared.changes} == {
        "b": "changed",
        "c": "reshaped",
        "gone": "removed",
        "new": "added",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("plain words", "plain words"),
        (True, "true"),
        (["a", "b"], '["a", "b"]'),
        ([{"rate": 0.1}, [1, 2]], "[{ rate = 0.1 }, [1, 2]]"),
        (datetime(2026, 11, 25, 16, 2, tzinfo=UTC), "2026-11-25T16:02:00Z"),
    ],
)
def test_metadata_reads_as_it_does_in_the_manifest(value: "MetadataValue | None", text: str) -> None:
    assert value_text(value) == text
