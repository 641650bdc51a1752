"""The gates of metrics: those of the model card and those of environments, decided together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regolo_git.hints import Hint, NextStep
from regolo_git.records.gates import METRIC_KEYS, MetricGate
from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import Direction, ModelCard
from regolo_git.records.paths import CONFIG_PATH, card_path
from regolo_git.records.toml_text import Table, key_text
from regolo_git.text.nearest import nearest
from regolo_git.text.numbers import number_text
from regolo_git.text.printable import printable
from regolo_git.verdict.directions import guess_direction
from regolo_git.verdict.gate_facts import Facts, Rules
from regolo_git.verdict.gate_result import GateResult, GateState, LimitResult, worst
from regolo_git.verdict.limits import Sides, decide, limits_of
from regolo_git.verdict.metrics import Paired

LIMITS = METRIC_KEYS[:4]
DROPS = ("max_drop", "max_drop_rel")


@dataclass(frozen=True, slots=True)
class Asked:
    """One gate of a metric, and the metric in both versions."""

    environment: str | None
    name: str
    gate: MetricGate
    direction: Direction | None
    guess: bool
    before: Measurement | None
    after: Measurement | None

    @property
    def rule(self) -> str:
        """The gate in words: `min 0.85, max_drop 0.005, required`."""
        limits = ((key, getattr(self.gate, key)) for key in LIMITS)
        words = [f"{key} {number_text(value)}" for key, value in limits if value is not None]
        words += ["to be proven"] if self.gate.fail == "unproven" else []
        return ", ".join([*words, *(["required"] if self.gate.required else [])])


def judge_unknown_tables(card: ModelCard, model: str) -> Iterator[GateResult]:
    """A table of the card whose name is nearly `gates`: its rules would never be asked."""
    for key in card.unknown:
        if nearest(key, ("gates",)) is not None:
            reason = f"the model card has '{printable(key)}', did you mean 'gates'?"
            yield GateResult(
                printable(key), "not judged", reason, "", way_out=f"correct '{card_path(model)}'"
            )


def judge_metrics(
    rules: Rules, before: Facts | None, after: Facts, paired: Mapping[str, Paired]
) -> list[GateResult]:
    """The results of all gates of metrics."""
    asked = list(_asked(rules, before, after))
    decided = decide(
        [
            limits_of(each.gate, _sides(each, each.after, before, after, paired)) if each.after else []
            for each in asked
        ]
    )
    return [_result(each, limits, before, after) for each, limits in zip(asked, decided, strict=True)]


def _asked(rules: Rules, before: Facts | None, after: Facts) -> Iterator[Asked]:
    places: list[tuple[str | None, Mapping[str, MetricGate]]] = [(None, rules.card.gates)]
    places += [(name, gates.metrics) for name, gates in rules.environments.items()]
    for environment, gates in places:
        for name, gate in sorted(gates.items()):
            direction, guess = direction_of(rules.card, name, gate)
            former = before.measurements.get(name) if before is not None else None
            yield Asked(environment, name, gate, direction, guess, former, after.measurements.get(name))


def direction_of(card: ModelCard, name: str, gate: MetricGate) -> tuple[Direction | None, bool]:
    """The better direction, and whether it is only guessed.  A gate with one bound says it, too."""
    rule = card.metrics.get(name)
    if rule is not None and rule.direction is not None:
        return rule.direction, False
    if (gate.min is None) != (gate.max is None):
        return ("higher" if gate.min is not None else "lower"), False
    guess = guess_direction(name)
    return guess, guess is not None


def _sides(
    asked: Asked, measured: Measurement, before: Facts | None, after: Facts, paired: Mapping[str, Paired]
) -> Sides:
    return Sides(
        asked.direction,
        (before.reference, asked.before) if before is not None and asked.before is not None else None,
        (after.reference, measured),
        before.reference if before is not None and asked.before is None else None,
        paired.get(asked.name),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    state: GateState
    reason: str
    way_out: NextStep | None = None


def _result(asked: Asked, limits: list[LimitResult], before: Facts | None, after: Facts) -> GateResult:
    answers = list(_answers(asked, limits, before, after))
    state = worst(answer.state for answer in answers)
    deciding = [answer for answer in answers if answer.state == state]
    return GateResult(
        asked.name,
        state,
        "; ".join(answer.reason for answer in deciding),
        asked.rule,
        asked.environment,
        deciding[0].way_out,
        is_metric=True,
        before=asked.before.value if asked.before is not None else None,
        after=asked.after.value if asked.after is not None else None,
        direction=asked.direction,
        guess=asked.guess,
        limits=tuple(limits),
    )


def _answers(
    asked: Asked, limits: list[LimitResult], before: Facts | None, after: Facts
) -> Iterator[_Answer]:
    place = card_path(after.model) if asked.environment is None else CONFIG_PATH
    for key in asked.gate.unknown:
        reason = unknown_key(key, asked.gate.unknown, METRIC_KEYS)
        yield _Answer("not judged", reason, f"correct '{place}', or upgrade regolo-git")
    if asked.after is None:
        evaluate = Hint("evaluate", after.reference, "--metric", f"{asked.name}=VALUE")
        if asked.gate.required:
            yield _Answer("fail", "was not measured, and is required", evaluate)
        else:
            yield _Answer("open", "was not measured", evaluate)
    elif not limits:
        yield _Answer("pass", f"is {number_text(asked.after.value)}")
    for limit in limits:
        is_guess = asked.guess and limit.key in DROPS and limit.found is not None
        guess = f" (that {asked.direction} is better is a guess)" if is_guess else ""
        yield _Answer(limit.state, limit.reason + guess, _way_out(asked, limit, before, after, place))


def _way_out(
    asked: Asked, limit: LimitResult, before: Facts | None, after: Facts, place: str
) -> NextStep | None:
    if limit.state == "pass":
        return None
    if limit.state == "fail":
        return f"commit a better version, or change '{place}' by review"
    if asked.direction is None:
        return f"add a direction to [metrics.{key_text(asked.name)}] in '{card_path(after.model)}'"
    if limit.state == "not judged":
        return Hint("fetch")
    if before is not None and asked.before is None:
        return Hint("evaluate", before.reference, "--metric", f"{asked.name}=VALUE")
    proof = "give n, stderr and runs, or predictions with the metric"
    return proof if limit.found is not None else "measure both versions on the same data"


def unknown_key(key: str, table: Table, known: tuple[str, ...]) -> str:
    """The reason for which a gate with a key that this release does not know is not judged."""
    meant = nearest(key, known)
    if meant is not None:
        return f"its rule has '{printable(key)}', did you mean '{meant}'?"
    if isinstance(table[key], dict):
        return f"its rule has a table '{printable(key)}': the name of a metric with a dot needs quotes"
    return f"its rule has '{printable(key)}', which this release does not know"
