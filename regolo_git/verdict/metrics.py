"""Compares the metrics of two versions: difference, relative change, noise and verdict.

Directions and tolerances come from the model card on the registry branch, never from the versions being
compared.  Better and worse are claims.  Each needs a direction in the card, and a difference beyond its noise
or beyond the card's tolerance.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypedDict

from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import Direction, MetricRule
from regolo_git.text.numbers import Number
from regolo_git.verdict.directions import guess_direction
from regolo_git.verdict.noise import ALPHA, Method, Noise, Shares, from_standard_errors

MetricVerdict = Literal[
    "better",
    "worse",
    "same",
    "within noise",
    "changed",
    "higher",
    "lower",
    "not comparable",
    "not measured",
    "added",
]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Why the predictions of two versions are not compared case by case.

    If they are only `absent`, not in a store that can be read, what else is known of the noise counts.
    """

    reason: str
    absent: bool = False


Paired = Noise | Unpaired


class MetricChange(TypedDict):
    """One metric in both versions.

    `diff` is b - a in exact decimal arithmetic, `relative` is diff / |a| (None if a is zero or missing); both
    are None beyond the largest number.  `guess`: `direction` was read from the name, not from the card.

    `verdict`: "better" or "worse" by the card's direction, beyond the noise or the card's tolerance;
    "changed" if the card has no direction; "within noise"; "same" if equal or within the tolerance; "higher"
    or "lower" if nothing is known of the noise; "not comparable" if measured on other data, or if the
    predictions cannot be compared; "added" or "not measured" if only one version has the metric.  `reason`
    says why not.

    `interval` covers the true difference in 90 % of the cases, with 5 % on each side; `p_value` is that of
    the side to which it differs.  Both are None without a `method`.  It used `n`, the cases in a and b,
    `runs` in a and b, or `pairs`.
    """

    a: Number | None
    b: Number | None
    diff: Number | None
    relative: float | None
    direction: Direction | None
    guess: bool
    unit: str | None
    verdict: MetricVerdict
    interval: tuple[float, float] | None
    p_value: float | None
    method: Method | None
    n: tuple[int, int] | None
    runs: tuple[int | None, int | None] | None
    pairs: int | None
    reason: str | None


def compare_metrics(
    before: Mapping[str, Measurement],
    after: Mapping[str, Measurement],
    rules: Mapping[str, MetricRule],
    paired: Mapping[str, Paired] | None = None,
) -> dict[str, MetricChange]:
    """Every metric of either version by its dotted name, sorted by name.

    `paired` has the noise of metrics whose predictions were compared case by case, or the reason against it.
    """
    cases = paired or {}
    return {
        name: _change(
            name, before.get(name), after.get(name), rules.get(name) or MetricRule(), cases.get(name)
        )
        for name in sorted({*before, *after})
    }


def _change(
    name: str, a: Measurement | None, b: Measurement | None, rule: MetricRule, paired: Paired | None
) -> MetricChange:
    change = MetricChange(
        a=a.value if a else None,
        b=b.value if b else None,
        diff=None,
        relative=None,
        direction=rule.direction or guess_direction(name),
        guess=rule.direction is None and guess_direction(name) is not None,
        unit=rule.unit,
        verdict="added" if a is None else "not measured",
        interval=None,
        p_value=None,
        method=None,
        n=None,
        runs=None,
        pairs=None,
        reason=None,
    )
    if a is not None and b is not None:
        _compare(change, a, b, rule, paired)
    return change


def _compare(
    change: MetricChange, a: Measurement, b: Measurement, rule: MetricRule, paired: Paired | None
) -> None:
    diff = decimal_difference(a.value, b.value)
    relative = diff / abs(a.value) if a.value else math.nan
    # The difference of two finite numbers may have no finite value.
    change["diff"] = diff if math.isfinite(diff) else None
    change["relative"] = relative if math.isfinite(relative) else None
    change["reason"] = why_not_comparable(a, b, paired)
    if change["reason"] is not None:
        change["verdict"] = "not comparable"
        return
    change["reason"] = paired.reason if isinstance(paired, Unpaired) else None
    noise = noise_between(a, b, paired)
    if noise is not None:
        change["p_value"] = noise.p_above() if diff > 0 else noise.p_below()
        _add_noise(change, noise)
    change["verdict"] = _verdict(a.value, diff, rule, change["p_value"])


def _add_noise(change: MetricChange, noise: Noise) -> None:
    low, high = noise.interval()
    change["interval"] = (low, high) if math.isfinite(low) and math.isfinite(high) else None
    change["method"], change["pairs"] = noise.method, noise.pairs
    change["n"], change["runs"] = noise.cases, noise.runs


def why_not_comparable(a: Measurement, b: Measurement, paired: Paired | None = None) -> str | None:
    """The reason for which two measurements say nothing about each other; None if they do."""
    if a.on is not None and b.on is not None and a.on != b.on:
        return "measured on other data"
    return paired.reason if isinstance(paired, Unpaired) and not paired.absent else None


def noise_between(a: Measurement, b: Measurement, paired: Paired | None = None) -> Noise | None:
    """The noise of the difference b - a, by the best that both say of it; None if nothing is known.

    Cases compared one by one are best; then standard errors, which the user has computed; then the count of a
    share.
    """
    if paired is not None and not isinstance(paired, Unpaired):
        return paired
    diff = decimal_difference(a.value, b.value)
    if not math.isfinite(diff):
        return None
    if a.stderr is not None and b.stderr is not None:
        return from_standard_errors(diff, (a.stderr, b.stderr), (a.runs, b.runs))
    if a.n is not None and b.n is not None and _is_share(a.value) and _is_share(b.value):
        return Shares(a.value, b.value, (a.n, b.n))
    return None


def _is_share(value: Number) -> bool:
    return 0 <= value <= 1


def decimal_difference(a: Number, b: Number) -> Number:
    """b - a in decimal arithmetic: 0.92 - 0.89 is exactly 0.03."""
    if isinstance(a, int) and isinstance(b, int):
        return b - a
    return float(Decimal(repr(b)) - Decimal(repr(a)))


def _verdict(a: Number, diff: Number, rule: MetricRule, p_value: float | None) -> MetricVerdict:
    if diff == 0 or _within_tolerance(a, diff, rule):
        return "same"
    if p_value is None:
        if not (rule.tolerance_abs or rule.tolerance_rel):
            return "higher" if diff > 0 else "lower"
    elif p_value > ALPHA:
        return "within noise"
    if rule.direction is None:
        return "changed"
    return "better" if (diff > 0) == (rule.direction == "higher") else "worse"


def _within_tolerance(a: Number, diff: Number, rule: MetricRule) -> bool:
    absolute = rule.tolerance_abs or 0.0
    relative = (rule.tolerance_rel or 0.0) * abs(a)
    allowed = max(absolute, relative)
    # A tolerance of 0.01 must include 0.92 -> 0.93 despite binary rounding.
    return allowed > 0 and (abs(diff) <= allowed or math.isclose(abs(diff), allowed, rel_tol=1e-9))
