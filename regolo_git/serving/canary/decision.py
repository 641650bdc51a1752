"""The decision on a canary: roll back, promote, or hold, from blocks of counts alone.

Rolling back needs one metric that is shown worse, at the level of the policy divided by the number of
metrics, over the whole canary.  Promoting needs every metric shown not worse, at its level, and starts over
at each step, beside a time and a number of requests that each step takes at least.
"""

from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple, Self

from regolo_git.records.canary import CanaryMetric, CanaryPolicy
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.canary.sequential_test import Direction, SequentialTest
from regolo_git.text.numbers import percent_text
from regolo_git.text.times import seconds_text

FORMAT = 1
VerdictKind = Literal["roll_back", "promote", "hold"]


class Arm(NamedTuple):
    """One version in one block: its requests, and those that failed by each metric of the policy."""

    requests: int
    failures: tuple[int, ...]


class Block(NamedTuple):
    """Both versions in the same stretch of time, `seconds` long."""

    baseline: Arm
    candidate: Arm
    seconds: float


class MetricEvidence(NamedTuple):
    """A metric in one direction: logarithms, of which `bound` is enough; arms are (requests, failures)."""

    name: str
    limit_ms: float | None
    direction: Direction
    log_evidence: float
    bound: float
    baseline: tuple[int, int]
    candidate: tuple[int, int]


class Verdict(NamedTuple):
    """What to do, why in words, and the evidence."""

    kind: VerdictKind
    reason: str
    evidence: tuple[MetricEvidence, ...]


@dataclass(slots=True)
class Decision:
    """The state of one decision: two tests for each metric, and the candidate's requests in this step."""

    policy: CanaryPolicy
    worse: list[SequentialTest]
    not_worse: list[SequentialTest]
    step_requests: int = 0

    @classmethod
    def of(cls, policy: CanaryPolicy) -> Self:
        """A decision that has seen nothing."""
        return cls(
            policy,
            [SequentialTest("worse", metric.margin) for metric in policy.metrics],
            [SequentialTest("not_worse", metric.promote_margin) for metric in policy.metrics],
        )

    def observe(self, block: Block) -> None:
        """Adds a block; its arms have one count of failures for each metric of the policy."""
        self.step_requests += block.candidate.requests
        for tests in (self.worse, self.not_worse):
            for test, bad, new_bad in zip(
                tests, block.baseline.failures, block.candidate.failures, strict=True
            ):
                test.observe(block.baseline.requests, bad, block.candidate.requests, new_bad)

    def next_step(self) -> None:
        """Begins another step: evidence for a promotion starts over, evidence against the candidate stays."""
        self.step_requests = 0
        for test in self.not_worse:
            test.restart()

    def verdict(self, elapsed_seconds: float) -> Verdict:
        """The verdict; `elapsed_seconds` is how long the candidate has had its share of this step."""
        evidence = self._evidence()
        for found in evidence:
            if found.direction == "worse" and found.log_evidence >= found.bound:
                return Verdict("roll_back", f"{_name(found)} is worse: {_shares(found)}", evidence)
        kind, reason = self._promotion(evidence, elapsed_seconds)
        return Verdict(kind, reason, evidence)

    def _promotion(self, evidence: tuple[MetricEvidence, ...], elapsed: float) -> tuple[VerdictKind, str]:
        policy = self.policy
        if elapsed > policy.max_seconds:
            return (
                "hold",
                f"not decided within {seconds_text(policy.max_seconds)} s, the longest that a step may take",
            )
        if not self.step_requests:
            return "hold", "the candidate has had no requests in this step"
        if self.step_requests < policy.min_requests:
            return "hold", f"too few requests: {self.step_requests} of {policy.min_requests} in this step"
        if elapsed < policy.bake_seconds:
            return (
                "hold",
                f"the bake is not over: {seconds_text(elapsed)} s of {seconds_text(policy.bake_seconds)} s",
            )
        missing = [e for e in evidence if e.direction == "not_worse" and e.log_evidence < e.bound]
        if missing:
            return "hold", f"not shown yet that it is not worse: {', '.join(_name(e) for e in missing)}"
        return (
            "promote",
            f"not worse by {', '.join(_name(e) for e in evidence if e.direction == 'not_worse')}",
        )

    def _evidence(self) -> tuple[MetricEvidence, ...]:
        policy = self.policy
        against, in_favour = log(len(policy.metrics) / policy.rollback_level), log(1 / policy.promote_level)
        return tuple(
            MetricEvidence(
                metric.name,
                metric.limit_ms,
                test.direction,
                test.log_evidence,
                bound,
                (test.baseline_requests, test.baseline_failures),
                (test.candidate_requests, test.candidate_failures),
            )
            for metric, *tests in zip(policy.metrics, self.worse, self.not_worse, strict=True)
            for test, bound in zip(tests, (against, in_favour), strict=True)
        )

    def to_json(self) -> dict[str, Json]:
        """The state; `from_json` reads it for a policy that compares the same metrics."""
        return {
            "format": FORMAT,
            "metrics": [_metric_json(metric) for metric in self.policy.metrics],
            "worse": [test.to_json() for test in self.worse],
            "not_worse": [test.to_json() for test in self.not_worse],
            "step_requests": self.step_requests,
        }

    @classmethod
    def from_json(cls, policy: CanaryPolicy, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput for the state of another policy or format."""
        if reader.get("format", int) != FORMAT:
            raise reader.wrong("format", "is not known")
        if reader.get("metrics", list) != [_metric_json(metric) for metric in policy.metrics]:
            raise reader.wrong("metrics", "are not those of the policy")
        worse = [
            SequentialTest.read(test, "worse", metric.margin)
            for test, metric in zip(reader.objects("worse"), policy.metrics, strict=False)
        ]
        not_worse = [
            SequentialTest.read(test, "not_worse", metric.promote_margin)
            for test, metric in zip(reader.objects("not_worse"), policy.metrics, strict=False)
        ]
        if not len(worse) == len(not_worse) == len(policy.metrics):
            raise reader.wrong("worse", "has another number of metrics")
        step_requests = reader.get("step_requests", int)
        if step_requests < 0:
            raise reader.wrong("step_requests", "is negative")
        return cls(policy, worse, not_worse, step_requests)


def evidence_text(verdict: Verdict) -> str:
    """The verdict with its evidence, in one line of a commit."""
    return "; ".join([verdict.reason, *(metric_evidence_text(evidence) for evidence in verdict.evidence)])


def metric_evidence_text(evidence: MetricEvidence) -> str:
    """The evidence of one metric in one direction: `error_rate worse 2.3 of 4.6 (9/900 and 8/100)`."""
    direction = "worse" if evidence.direction == "worse" else "not worse"
    baseline, candidate = (
        f"{failures}/{requests}" for requests, failures in (evidence.baseline, evidence.candidate)
    )
    weight = f"{evidence.log_evidence:.3g} of {evidence.bound:.3g}"
    return f"{_name(evidence)} {direction} {weight} ({baseline} and {candidate})"


def _metric_json(metric: CanaryMetric) -> Json:
    return {
        "name": metric.name,
        "limit_ms": float(metric.limit_ms) if metric.limit_ms is not None else None,
        "margin": float(metric.margin),
        "promote_margin": float(metric.promote_margin),
    }


def metric_text(name: str, limit_ms: float | None) -> str:
    """A metric by its name, with its limit if it has one."""
    return name if limit_ms is None else f"{name} {limit_ms:g} ms"


def _name(evidence: MetricEvidence) -> str:
    return metric_text(evidence.name, evidence.limit_ms)


def _shares(evidence: MetricEvidence) -> str:
    baseline, candidate = (
        percent_text(failures / requests) if requests else "no requests"
        for requests, failures in (evidence.baseline, evidence.candidate)
    )
    return f"{candidate} of the candidate, {baseline} of the baseline"
