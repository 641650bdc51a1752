"""The limits of a metric gate, each asked of the value, or of its drop since the version before.

A limit is inclusive.  Where something is known of the noise, `fail = "worse"` fails only what is beyond the
limit and its noise, and "unproven" passes only what is within it beyond doubt.  A plain number is judged
as it is; "unproven" leaves one that is within the limit open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from regolo_git.records.gates import Failing, MetricGate
from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import Direction
from regolo_git.text.numbers import Number, decimal_text, number_text
from regolo_git.verdict.gate_result import GateState, LimitResult
from regolo_git.verdict.holm import holm
from regolo_git.verdict.metrics import Paired, Unpaired, noise_between, why_not_comparable
from regolo_git.verdict.noise import ALPHA
from regolo_git.verdict.value_noise import ValueNoise, noise_of

Key = Literal["min", "max", "max_drop", "max_drop_rel"]
Numbered = tuple[str, Measurement]  # the name of a version, and a metric of it


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, what was found, and how much of it may be chance.

    `result` is the answer by the numbers alone.  `noise` is of the value that `edge` is compared with, and
    `bad` the side of the edge that the limit forbids; both None leave the answer as it is.
    """

    result: LimitResult
    fail: Failing
    noise: ValueNoise | None = None
    bad: Literal["below", "above"] = "below"
    edge: float = 0.0

    @property
    def p_bad(self) -> float:
        """The p-value for a true value beyond the limit."""
        return self._p(beyond=True)

    @property
    def p_good(self) -> float:
        """The p-value for a true value within the limit."""
        return self._p(beyond=False)

    def _p(self, *, beyond: bool) -> float:
        assert self.noise is not None, "asked of limits with noise only"
        below = (self.bad == "below") == beyond
        return self.noise.p_below(self.edge) if below else self.noise.p_above(self.edge)


@dataclass(frozen=True, slots=True)
class Sides:
    """A metric of the version that is judged, and of the one that drops are measured from.

    `before` is None if there is none, or if it lacks the metric: then `lacking` is its name.  `paired` is the
    noise of predictions that were compared case by case, or the reason against it.
    """

    direction: Direction | None
    before: Numbered | None
    after: Numbered
    lacking: str | None = None
    paired: Paired | None = None


def limits_of(gate: MetricGate, sides: Sides) -> list[Limit]:
    """The limits of a gate."""
    bounds: list[tuple[Key, Number | None]] = [("min", gate.min), ("max", gate.max)]
    drops: list[tuple[Key, Number | None]] = [
        ("max_drop", gate.max_drop),
        ("max_drop_rel", gate.max_drop_rel),
    ]
    return [
        *(_bound(key, allowed, gate.fail, sides) for key, allowed in bounds if allowed is not None),
        *(_drop(key, allowed, gate.fail, sides) for key, allowed in drops if allowed is not None),
    ]


def decide(gates: Sequence[Sequence[Limit]]) -> list[list[LimitResult]]:
    """The results of the limits of all gates of one model.

    Every limit that could fail by chance is one more chance of a false alarm, so their p-values are
    corrected (Holm).  Those of "unproven" are not: a version passes only if all of them are proven.
    """
    limits = {f"{i} {j}": limit for i, gate in enumerate(gates) for j, limit in enumerate(gate)}
    tested = {key: limit.p_bad for key, limit in limits.items() if limit.noise and limit.fail == "worse"}
    corrected = holm(tested)
    decided = {key: _decided(limit, corrected.get(key)) for key, limit in limits.items()}
    return [[decided[f"{i} {j}"] for j in range(len(gate))] for i, gate in enumerate(gates)]


def _decided(limit: Limit, corrected: float | None) -> LimitResult:
    result, noise = limit.result, limit.noise
    if noise is None:
        return result
    p = corrected if corrected is not None else limit.p_good
    result = replace(result, p_value=p, method=noise.method)
    if limit.fail == "worse":
        if result.state != "fail":
            return result
        if p <= ALPHA:
            return replace(result, reason=f"{result.reason}, beyond noise")
        return replace(result, state="pass", reason=f"{result.reason}, but within noise")
    if result.state == "fail" or p > ALPHA:
        doubt = result.reason if result.state == "fail" else f"{result.reason}, but this is not proven"
        return replace(result, state="fail", reason=doubt)
    return replace(result, reason=f"{result.reason}, beyond doubt")


def _bound(key: Key, allowed: Number, fail: Failing, sides: Sides) -> Limit:
    measured, side = sides.after[1], ("below" if key == "min" else "above")
    beyond = measured.value < allowed if key == "min" else measured.value > allowed
    noise = noise_of(measured)
    interval = noise.interval() if noise is not None else None
    value = f"{number_text(measured.value)}{_range_text(interval)}"
    relation = f"is {side}" if beyond else f"is not {side}"
    result = LimitResult(
        key,
        "fail" if beyond else "pass",
        f"{value} {relation} {key} {number_text(allowed)}",
        allowed,
        measured.value,
        interval,
    )
    return _limit(result, fail, noise, "below" if key == "min" else "above", float(allowed))


def _drop(key: Key, allowed: Number, fail: Failing, sides: Sides) -> Limit:
    undecided = _why_no_drop(sides)
    if undecided is not None:
        return Limit(LimitResult(key, *undecided, allowed), fail)
    assert sides.before is not None, "there is a drop"
    a, b, falls = sides.before[1], sides.after[1], sides.direction == "higher"
    rise = Decimal(repr(b.value)) - Decimal(repr(a.value))
    drop, most = (-rise if falls else rise), Decimal(repr(allowed))
    if key == "max_drop_rel":
        most *= abs(Decimal(repr(a.value)))
    noise = noise_between(a, b, sides.paired)
    interval = noise.interval() if noise is not None else None
    if interval is not None and falls:
        interval = (-interval[1], -interval[0])
    relation = "beyond" if drop > most else "within"
    share = f" ({decimal_text(float(most))})" if key == "max_drop_rel" else ""
    result = LimitResult(
        key,
        "fail" if drop > most else "pass",
        f"{_drop_text(sides, float(drop), interval)}, {relation} {key} {number_text(allowed)}{share}",
        allowed,
        float(drop),
        interval,
    )
    edge = float(-most if falls else most)
    return _limit(result, fail, noise, "below" if falls else "above", edge)


def _why_no_drop(sides: Sides) -> tuple[GateState, str] | None:
    """The state and the reason of a drop that cannot be computed; None if it can."""
    if sides.lacking is not None:
        return "open", f"{sides.lacking} has no such metric to drop from"
    if sides.before is None:
        return "pass", "there is nothing to drop from"
    if sides.direction is None:
        return "not judged", "it is not known whether higher or lower is better"
    if isinstance(sides.paired, Unpaired) and sides.paired.absent:
        return "not judged", sides.paired.reason
    reason = why_not_comparable(sides.before[1], sides.after[1], sides.paired)
    return ("open", f"cannot be compared with {sides.before[0]}: {reason}") if reason is not None else None


def _limit(
    result: LimitResult, fail: Failing, noise: ValueNoise | None, bad: Literal["below", "above"], edge: float
) -> Limit:
    if noise is None and fail == "unproven" and result.state == "pass":
        result = replace(result, state="open", reason=f"{result.reason}, but nothing is known of its noise")
    return Limit(result, fail, noise, bad, edge)


def _drop_text(sides: Sides, drop: float, interval: tuple[float, float] | None) -> str:
    assert sides.before is not None, "there is a drop"
    former = f"{number_text(sides.before[1].value)} in {sides.before[0]}"
    value = number_text(sides.after[1].value)
    if drop <= 0:
        return f"{value} is not worse than {former}"
    verb = "fell" if sides.direction == "higher" else "rose"
    return f"{verb} by {decimal_text(drop)}{_range_text(interval)} from {former} to {value}"


def _range_text(interval: tuple[float, float] | None) -> str:
    return f" ({interval[0]:.4g} to {interval[1]:.4g})" if interval is not None else ""
