"""What a gate says of a version: one of four states, the reason in words, and the numbers behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from regolo_git.hints import NextStep
from regolo_git.records.model_card import Direction
from regolo_git.text.numbers import Number, counted, few_of
from regolo_git.text.printable import one_line

GateState = Literal["pass", "fail", "open", "not judged"]
SUMMARISED = 20
# The worst first.  What could not be judged is never called passed, but a failure is certain.
STATES: tuple[GateState, ...] = ("fail", "not judged", "open", "pass")


@dataclass(frozen=True, slots=True)
class LimitResult:
    """One limit of a metric (`key`), in its own unit: `allowed`, and `found`, which is beyond it or not.

    For `min` and `max` these are values, otherwise drops: the change in the metric's bad direction.
    `interval` covers the true value of `found` in 90 % of the cases; `p_value` is one-sided and corrected for
    the number of limits of the model.  Both are None without a `method`.
    """

    key: Literal["min", "max", "max_drop", "max_drop_rel"]
    state: GateState
    reason: str
    allowed: Number
    found: Number | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """The result of one gate.

    `name` is that of a metric, or `signed`, `scan`, `licence`, `metadata.KEY`; `environment` is None for a
    gate of the model card.  `rule` is the gate in words, `way_out` what to do about any state but "pass".
    For a metric, `before` and `after` are its values, and `guess` says that `direction` is only read from
    its name.
    """

    name: str
    state: GateState
    reason: str
    rule: str
    environment: str | None = None
    way_out: NextStep | None = None
    is_metric: bool = False
    before: Number | None = None
    after: Number | None = None
    direction: Direction | None = None
    guess: bool = False
    limits: tuple[LimitResult, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name, as JSON can hold it."""
        way_out = str(self.way_out) if self.way_out is not None else None
        return asdict(self) | {"way_out": way_out}

    @property
    def label(self) -> str:
        """The name, with that of the environment whose gate it is."""
        return self.name if self.environment is None else f"{self.environment}: {self.name}"


def worst(states: Iterable[GateState]) -> GateState:
    """The worst of some states; "pass" if there is none."""
    return min(states, key=STATES.index, default="pass")


def with_state(results: Iterable[GateResult], state: GateState) -> list[GateResult]:
    """The results in one state."""
    return [result for result in results if result.state == state]


def summary_text(results: Sequence[GateResult]) -> str | None:
    """The worst state, and every gate that does not pass: `fail (latency_ms fail, 4 pass)`.

    None without gates.  It has no numbers, so that it is the same on every machine.
    """
    if not results:
        return None
    passed = len(with_state(results, "pass"))
    named = [
        f"{one_line(result.label)} {state}" for state in STATES[:-1] for result in with_state(results, state)
    ]
    parts = [few_of(named[:SUMMARISED], len(named))] if named else []
    parts += [f"{passed} pass"] if passed else []
    return f"{worst(result.state for result in results)} ({', '.join(parts)})"


def counts_text(results: Sequence[GateResult]) -> str:
    """How many gates are in each state, the worst first: `1 fails, 2 open, 4 pass`."""
    found = {state: len(with_state(results, state)) for state in STATES}
    verbs = {
        "fail": "fails" if found["fail"] == 1 else "fail",
        "pass": "passes" if found["pass"] == 1 else "pass",
    }
    parts = [f"{count} {verbs.get(state, state)}" for state, count in found.items() if count]
    return f"{counted(len(results), 'gate')}: {', '.join(parts)}" if results else "no gates"
