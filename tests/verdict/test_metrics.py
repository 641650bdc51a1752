"""The verdict of a metric: what a person computes, by its noise and by the direction and tolerance of the card."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import MetricRule
from regolo_git.text.numbers import Number
from regolo_git.verdict.metrics import (
    MetricChange,
    Paired,
    Unpaired,
    compare_metrics,
    decimal_difference,
    noise_between,
)
from regolo_git.verdict.noise import PairedShares, Shares

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e300, 1e300)
HIGHER = MetricRule(direction="higher")
DATA = "sha256:" + "1" * 64
OTHER_DATA = "sha256:" + "2" * 64


def changed(
    name: str, a: object, b: object, rule: MetricRule | None = None, paired: Paired | None = None
) -> MetricChange:
    """The change of one metric; a side is a number, or a dictionary of what is known."""
    return compare_metrics(
        {name: Measurement.of(a)},
        {name: Measurement.of(b)},
        {name: rule} if rule else {},
        {name: paired} if paired else {},
    )[name]


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
    opposite = {"better": "worse", "worse": "better", "same": "same", "higher": "lower", "lower": "higher"}
    assert decimal_difference(a, b) == -decimal_difference(b, a)
    for rule in (HIGHER, MetricRule("higher", tolerance_abs=1e-9)):
        assert changed("m", b, a, rule)["verdict"] == opposite[changed("m", a, b, rule)["verdict"]]


@pytest.mark.parametrize("rule", [None, HIGHER, MetricRule(unit="%")])
def test_a_plain_number_makes_no_claim(rule: MetricRule | None) -> None:
    change = changed("accuracy", 0.89, 0.92, rule)
    assert (change["verdict"], change["interval"], change["method"]) == ("higher", None, None)
    assert change["relative"] == pytest.approx(0.03 / 0.89)
    assert changed("accuracy", 0.92, 0.89, rule)["verdict"] == "lower"


def test_a_direction_read_from_the_name_is_a_guess() -> None:
    tolerance = MetricRule(tolerance_abs=0.01)
    guess = changed("loss", 0.3, 0.4, tolerance)
    assert (guess["verdict"], guess["direction"], guess["guess"]) == ("changed", "lower", True)
    stated = changed("loss", 0.3, 0.4, MetricRule("higher", tolerance_abs=0.01, unit="%"))
    assert (stated["verdict"], stated["direction"], stated["guess"]) == ("better", "higher", False)
    assert stated["unit"] == "%"
    unknown = changed("widgets", 1, 2, tolerance)
    assert (unknown["verdict"], unknown["direction"], unknown["guess"]) == ("changed", None, False)


@pytest.mark.parametrize(("after", "verdict"), [(0.93, "same"), (0.91, "same"), (0.9301, "better")])
def test_a_change_within_the_absolute_tolerance_is_none(after: float, verdict: str) -> None:
    assert changed("accuracy", 0.92, after, MetricRule("higher", tolerance_abs=0.01))["verdict"] == verdict


@pytest.mark.parametrize(("after", "verdict"), [(-110, "same"), (-90, "same"), (-111, "worse")])
def test_a_relative_tolerance_is_a_part_of_the_first_value(after: int, verdict: str) -> None:
    assert changed("score", -100, after, MetricRule("higher", tolerance_rel=0.1))["verdict"] == verdict


def test_the_wider_tolerance_counts() -> None:
    rule = MetricRule(tolerance_abs=0.5, tolerance_rel=0.001)
    assert changed("score", 100, 100.5, rule)["verdict"] == "same"


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ({"value": 0.91, "n": 2000}, {"value": 0.90, "n": 2000}, "within noise"),
        ({"value": 0.91, "n": 2000}, {"value": 0.88, "n": 2000}, "worse"),
        ({"value": 0.91, "n": 2000}, {"value": 0.94, "n": 2000}, "better"),
        ({"value": 0.91, "n": 2000}, 0.94, "higher"),
        ({"value": 91, "n": 2000}, {"value": 94, "n": 2000}, "higher"),
        ({"value": 41.2, "stderr": 0.5}, {"value": 43.2, "stderr": 0.5}, "better"),
        ({"value": 41.2, "stderr": 1}, {"value": 43.2, "stderr": 1}, "within noise"),
        ({"value": 41.2, "stderr": 0.5}, {"value": 43.2, "n": 100}, "higher"),
        ({"value": 5.0, "stderr": 1, "runs": 5}, {"value": 7.9, "stderr": 1, "runs": 5}, "better"),
        ({"value": 5.0, "stderr": 1, "runs": 2}, {"value": 7.9, "stderr": 1, "runs": 2}, "within noise"),
        ({"value": 0.9, "n": 2000, "stderr": 0.1}, {"value": 0.8, "n": 2000, "stderr": 0.1}, "within noise"),
        ({"value": 0.9, "n": 2000}, {"value": 0.9, "n": 2000}, "same"),
    ],
)
def test_a_claim_needs_a_difference_beyond_its_noise(a: object, b: object, verdict: str) -> None:
    assert changed("m", a, b, HIGHER)["verdict"] == verdict


def test_the_noise_has_its_method_and_inputs() -> None:
    share = changed("m", {"value": 0.91, "n": 2000}, {"value": 0.94, "n": 1500}, HIGHER)
    assert (share["method"], share["n"], share["runs"], share["pairs"]) == (
        "newcombe",
        (2000, 1500),
        None,
        None,
    )
    assert share["interval"] == Shares(0.91, 0.94, (2000, 1500)).interval()
    assert share["p_value"] == Shares(0.91, 0.94, (2000, 1500)).p_above()
    runs = changed("m", {"value": 5, "stderr": 1, "runs": 5}, {"value": 7, "stderr": 1, "runs": 4}, HIGHER)
    assert (runs["method"], runs["n"], runs["runs"]) == ("welch", None, (5, 4))


def test_a_change_within_the_tolerance_is_none_however_certain() -> None:
    a, b = {"value": 0.91, "n": 10**7}, {"value": 0.905, "n": 10**7}
    assert changed("m", a, b, MetricRule("higher", tolerance_abs=0.01))["verdict"] == "same"


def test_values_of_other_data_are_not_compared() -> None:
    a, b = {"value": 0.9, "n": 100, "on": DATA}, {"value": 0.2, "n": 100, "on": OTHER_DATA}
    change = changed("m", a, b, HIGHER, PairedShares(1000, 500, 0))
    assert (change["verdict"], change["reason"]) == ("not comparable", "measured on other data")
    assert (change["diff"], change["interval"]) == (-0.7, None)
    assert changed("m", a, a | {"value": 0.2}, HIGHER)["verdict"] == "worse"
    assert changed("m", a, {"value": 0.2, "n": 100}, HIGHER)["verdict"] == "worse"


def test_cases_compared_one_by_one_are_best() -> None:
    sides = {"value": 0.91, "n": 1000}, {"value": 0.90, "n": 1000}
    change = changed("m", *sides, HIGHER, PairedShares(1000, 12, 2))
    assert (change["verdict"], change["method"], change["pairs"]) == ("worse", "mcnemar", 1000)
    assert changed("m", *sides, HIGHER)["verdict"] == "within noise"


def test_predictions_that_cannot_be_paired_prevent_a_claim_and_absent_ones_do_not() -> None:
    sides = {"value": 0.91, "n": 1000}, {"value": 0.80, "n": 1000}
    broken: Any = changed("m", *sides, HIGHER, Unpaired("line 3 is not JSON"))
    assert (broken["verdict"], broken["reason"]) == ("not comparable", "line 3 is not JSON")
    absent = changed("m", *sides, HIGHER, Unpaired("not in the store", absent=True))
    assert (absent["verdict"], absent["method"], absent["reason"]) == (
        "worse",
        "newcombe",
        "not in the store",
    )


def test_a_difference_without_a_finite_value_has_no_noise() -> None:
    far = {"value": -1.7e308, "stderr": 1.0}, {"value": 1.7e308, "stderr": 1.0}
    assert changed("m", *far, HIGHER)["verdict"] == "higher"
    assert noise_between(Measurement.of(far[0]), Measurement.of(far[1])) is None


def test_a_zero_baseline_has_no_relative_change() -> None:
    change = changed("loss", 0, 1)
    assert (change["diff"], change["relative"]) == (1, None)


def test_a_relative_change_of_a_negative_value_has_the_sign_of_the_difference() -> None:
    assert changed("score", -2, -1)["relative"] == 0.5


def test_a_missing_metric_is_added_or_not_measured() -> None:
    changes = compare_metrics({"accuracy": Measurement(0.9)}, {"f1": Measurement(0.8)}, {})
    assert list(changes) == ["accuracy", "f1"]
    assert changes["accuracy"]["verdict"] == "not measured"
    assert (changes["f1"]["verdict"], changes["f1"]["diff"], changes["f1"]["relative"]) == (
        "added",
        None,
        None,
    )
