"""Compares the metrics of two versions: difference, relative change and verdict.

Directions and tolerances come from the model card on the registry branch, never from the versions being
compared.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypedDict

from regolo_git.records.model_card import Direction, MetricRule
from regolo_git.text.numbers import Number
from regolo_git.verdict.directions import guess_direction

Verdict = Literal["better", "worse", "same", "changed", "added", "removed"]


class MetricChange(TypedDict):
    """One metric in both versions.

    `diff` is b - a in exact decimal arithmetic, `relative` is diff / |a| (None if a is zero or missing); both
    are None beyond the largest number.
    `verdict` is "better" or "worse" by `direction`, "same" within the card's tolerance, "changed" if no
    direction is known, "added" or "removed" if only one version has the metric.
    """

    a: Number | None
    b: Number | None
    diff: Number | None
    relative: float | None
    direction: Direction | None
    unit: str | None
    verdict: Verdict


def compare_metrics(
    before: Mapping[str, Number], after: Mapping[str, Number], rules: Mapping[str, MetricRule]
) -> dict[str, MetricChange]:
    """Every metric of either version by its dotted name, sorted by name."""
    return {
        name: _change(name, before.get(name), after.get(name), rules.get(name))
        for name in sorted({*before, *after})
    }


def _change(name: str, a: Number | None, b: Number | None, rule: MetricRule | None) -> MetricChange:
    direction = (rule.direction if rule else None) or guess_direction(name)
    change = MetricChange(
        a=a,
        b=b,
        diff=None,
        relative=None,
        direction=direction,
        unit=rule.unit if rule else None,
        verdict="added" if a is None else "removed",
    )
    if a is not None and b is not None:
        diff = decimal_difference(a, b)
        relative = diff / abs(a) if a else math.nan
        # The difference of two finite numbers may have no finite value.
        change["diff"] = diff if math.isfinite(diff) else None
        change["relative"] = relative if math.isfinite(relative) else None
        change["verdict"] = _verdict(a, diff, direction, rule)
    return change


def decimal_difference(a: Number, b: Number) -> Number:
    """b - a in decimal arithmetic: 0.92 - 0.89 is exactly 0.03."""
    if isinstance(a, int) and isinstance(b, int):
        return b - a
    return float(Decimal(repr(b)) - Decimal(repr(a)))


def _verdict(a: Number, diff: Number, direction: Direction | None, rule: MetricRule | None) -> Verdict:
    if diff == 0 or _within_tolerance(a, diff, rule):
        return "same"
    if direction is None:
        return "changed"
    return "better" if (diff > 0) == (direction == "higher") else "worse"


def _within_tolerance(a: Number, diff: Number, rule: MetricRule | None) -> bool:
    if rule is None:
        return False
    absolute = rule.tolerance_abs or 0.0
    relative = (rule.tolerance_rel or 0.0) * abs(a)
    allowed = max(absolute, relative)
    # A tolerance of 0.01 must include 0.92 -> 0.93 despite binary rounding.
    return allowed > 0 and (abs(diff) <= allowed or math.isclose(abs(diff), allowed, rel_tol=1e-9))
