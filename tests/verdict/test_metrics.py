"""The verdict of a metric: what a person computes, by the direction and the tolerance of the card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.model_card import MetricRule
from regolo_git.text.numbers import Number
from regolo_git.verdict.metrics import MetricChange, compare_metrics, decimal_difference

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e300, 1e300)


def changed(name: str, a: Number, b: Number, rule: MetricRule | None = None) -> MetricChange:
    return compare_metrics({name: a}, {name: b}, {name: rule} if rule else {})[name]


def test_a_difference_is_what_a_person_computes() -> None:
    assert decimal_difference(0.89, 0.92) == 0.03
    assert decimal_difference(150, 165) == 15
    assert decimal_difference(1, 0.9) == -0.1


@given(NUMBERS)
def test_a_number_differs_by_nothing_from_itself(number: Number) -> None:
    assert decimal_difference(number, number) == 0
    assert changed("accuracy", number, number)["verdict"] == "same"


@given(NUMBERS, NUMBERS)
def test_the_way_back_is_the_opposite(a: Number, b: Number) -> None:
    opposite = {"better": "worse", "worse": "better", "same": "same"}
    assert decimal_difference(a, b) == -decimal_difference(b, a)
    assert changed("loss", b, a)["verdict"] == opposite[changed("loss", a, b)["verdict"]]


def test_a_metric_with_a_known_name_has_a_verdict() -> None:
    changes = compare_metrics({"accuracy": 0.89, "loss": 0.3}, {"accuracy": 0.92, "loss": 0.4}, {})
    assert changes["accuracy"]["verdict"] == "better"
    assert changes["accuracy"]["relative"] == pytest.approx(0.03 / 0.89)
    assert changes["loss"]["verdict"] == "worse"


def test_a_metric_of_unknown_direction_only_changed() -> None:
    assert changed("widgets", 1, 2)["verdict"] == "changed"


def test_the_card_turns_a_direction_around_and_gives_the_unit() -> None:
    change = changed("accuracy", 0.1, 0.2, MetricRule(direction="lower", unit="%"))
    assert (change["verdict"], change["direction"], change["unit"]) == ("worse", "lower", "%")


@pytest.mark.parametrize(("after", "verdict"), [(0.93, "same"), (0.91, "same"), (0.9301, "better")])
def test_a_change_within_the_absolute_tolerance_is_none(after: float, verdict: str) -> None:
    assert changed("accuracy", 0.92, after, MetricRule(tolerance_abs=0.01))["verdict"] == verdict


@pytest.mark.parametrize(("after", "verdict"), [(-110, "same"), (-90, "same"), (-111, "worse")])
def test_a_relative_tolerance_is_a_part_of_the_first_value(after: int, verdict: str) -> None:
    assert changed("score", -100, after, MetricRule(tolerance_rel=0.1))["verdict"] == verdict


def test_the_wider_tolerance_counts() -> None:
    rule = MetricRule(tolerance_abs=0.5, tolerance_rel=0.001)
    assert changed("score", 100, 100.5, rule)["verdict"] == "same"


def test_a_zero_baseline_has_no_relative_change() -> None:
    change = changed("loss", 0, 1)
    assert (change["diff"], change["relative"]) == (1, None)


def test_a_relative_change_of_a_negative_value_has_the_sign_of_the_difference() -> None:
    assert changed("score", -2, -1)["relative"] == 0.5


def test_a_missing_metric_is_added_or_removed() -> None:
    changes = compare_metrics({"accuracy": 0.9}, {"f1": 0.8}, {})
    assert list(changes) == ["accuracy", "f1"]
    assert changes["accuracy"]["verdict"] == "removed"
    assert (changes["f1"]["verdict"], changes["f1"]["diff"], changes["f1"]["relative"]) == (
        "added",
        None,
        None,
    )
