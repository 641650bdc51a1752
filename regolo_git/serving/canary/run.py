"""One canary as the deciding process sees it: what was measured, and the document that it keeps of it.

The document lets another process on this machine go on: a restarted server, or one that was killed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.canary import Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.registry.endpoints.canary import Canary
from regolo_git.serving.canary.blocks import BlockReader
from regolo_git.serving.canary.decision import Block, Decision, MetricEvidence, Verdict, metric_text
from regolo_git.serving.canary.view import Observation
from regolo_git.text.printable import one_line
from regolo_git.text.times import utc_time

MOST_POINTS = 600
# This many more workers of the candidate than of the baseline were replaced, or did not start again.
CRASHES = 3
LONGEST_REASON = 300


@dataclass(slots=True)
class Run:
    """The canary as of the branch, its decision, and the seconds that the candidate has had its share.

    `first_restarts` are the restarts of both versions when it was first seen, `series` what a page draws.
    """

    canary: Canary
    decision: Decision
    elapsed: float = 0.0
    series: list[Json] = field(default_factory=list)
    verdict: Verdict | None = None
    waiting: str | None = None
    first_restarts: dict[str, int] | None = None
    is_withheld: bool = False
    reader: BlockReader = field(init=False)

    def __post_init__(self) -> None:
        self.restart_reader()

    @classmethod
    def begin(cls, canary: Canary, kept: JsonReader | None, decider: str) -> Self:
        """A run that goes on from what was kept of the same canary by the same decider, or a new one."""
        if kept is None:
            return cls(canary, Decision.of(canary.policy))
        try:
            return cls._resumed(canary, kept, decider)
        except InvalidInput:
            return cls(canary, Decision.of(canary.policy))

    @classmethod
    def _resumed(cls, canary: Canary, kept: JsonReader, decider: str) -> Self:
        """Raises InvalidInput if what was kept is of another canary, or decided by another process."""
        candidate = canary.candidate
        step, is_same_step = kept.get("step", int), _kept_same_step(kept, candidate)
        same = (
            kept.get("candidate", str) == candidate.version
            and kept.get("digest", str) == str(canary.endpoint.versions[candidate.version].digest)
            and kept.get("baseline", str) == canary.baseline
            and kept.get("decided_by", str) == decider
            and (is_same_step or step + 1 == candidate.step)
        )
        if not same:
            raise kept.wrong("candidate", "is of another canary")
        decision = Decision.from_json(canary.policy, kept.object("decision"))
        run = cls(canary, decision, series=list(kept.get("series", list)))
        if not is_same_step:
            decision.next_step()
        else:
            run.elapsed = kept.get("elapsed", float)
            run._take_rollback(kept.object("verdict"))
        return run

    def _take_rollback(self, kept: JsonReader) -> None:
        """Takes a rollback that was decided and not committed yet; any other verdict is found again."""
        if kept.get("kind", str) == "roll_back":
            self.condemn(kept.get("reason", str))

    def follow(self, canary: Canary) -> bool:
        """Takes the canary as the branch has it now: another step, or another policy.

        Returns whether the evidence goes on: not if the policy compares something else now.
        """
        before, self.canary = self.canary, canary
        goes_on = canary.policy == before.policy or self._follow_policy()
        if canary.candidate.step != before.candidate.step:
            self.decision.next_step()
            self.elapsed = 0.0
            self.verdict = self.waiting = None
        if canary.endpoint.traffic != before.endpoint.traffic:
            self.is_withheld = False
        if canary.endpoint.traffic != before.endpoint.traffic or canary.policy.watch != before.policy.watch:
            self.restart_reader()
        return goes_on

    def _follow_policy(self) -> bool:
        kept = JsonReader.of(self.decision.to_json(), "the decision")
        try:
            self.decision = Decision.from_json(self.canary.policy, kept)
        except InvalidInput:
            self.decision = Decision.of(self.canary.policy)
            return False
        return True

    def restart_reader(self) -> None:
        """Begins with new blocks: those before belong to another split or count something else."""
        self.reader = BlockReader(
            self.canary.whole_baseline, self.canary.candidate.version, len(self.canary.policy.metrics)
        )

    def observe(self, block: Block) -> None:
        """Adds a block to the decision and to the series."""
        self.decision.observe(block)
        self.series.append(self._point(block))
        if len(self.series) > MOST_POINTS:
            del self.series[1:-1:2]

    def _point(self, block: Block) -> Json:
        evidence = self.decision.verdict(self.elapsed).evidence
        failures: dict[str, Json] = {}
        for index, name in enumerate(self._names()):
            failures[name] = [block.baseline.failures[index], block.candidate.failures[index]]
        # Two tests for each metric, "worse" first.
        pairs = zip(self._names(), evidence[::2], evidence[1::2], strict=True)
        logs: dict[str, Json] = {
            name: [worse.log_evidence, not_worse.log_evidence] for name, worse, not_worse in pairs
        }
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "requests": [block.baseline.requests, block.candidate.requests],
            "failures": failures,
            "log_evidence": logs,
        }

    def _names(self) -> Iterator[str]:
        """The metrics by names that differ: one that is compared with two limits has them in its name."""
        names = [metric.name for metric in self.canary.policy.metrics]
        for metric in self.canary.policy.metrics:
            yield metric.name if names.count(metric.name) == 1 else metric_text(metric.name, metric.limit_ms)

    @property
    def is_condemned(self) -> bool:
        """Whether it is to be rolled back, whatever is measured from now on."""
        return self.verdict is not None and self.verdict.kind == "roll_back"

    def judge_workers(self, seen: Observation) -> str | None:
        """Condemns a candidate whose workers crash or do not start; returns why it cannot tell, if so."""
        candidate, baseline = self.canary.candidate.version, self.canary.whole_baseline
        if candidate in seen.failed:
            if baseline in seen.failed:
                self.reader.restart()
                return f"workers of neither version start: {seen.problem}"
            self.condemn(f"its workers do not start: {seen.problem}")
            return None
        if self.first_restarts is None:
            self.first_restarts = dict(seen.restarts)
        first = self.first_restarts
        lost, others = (seen.restarts.get(v, 0) - first.get(v, 0) for v in (candidate, baseline))
        if lost - max(0, others) >= CRASHES:
            why = seen.worker_problems.get(candidate)
            self.condemn(f"its workers crash: {lost} were lost{f' ({why})' if why else ''}")
        return None

    def judge(self, hold: str | None) -> Verdict:
        """The verdict now; `hold` is a reason for which nothing but a rollback may follow."""
        verdict = self.decision.verdict(self.elapsed)
        if hold is not None and verdict.kind != "roll_back":
            verdict = Verdict("hold", hold, verdict.evidence)
        self.verdict = verdict
        return verdict

    def condemn(self, reason: str) -> Verdict:
        """Has it rolled back without statistics; what a worker said may be anything."""
        self.verdict = Verdict(
            "roll_back", one_line(reason)[:LONGEST_REASON], self.decision.verdict(self.elapsed).evidence
        )
        return self.verdict

    def document(self, decider: str) -> dict[str, Json]:
        """What is kept, and what pages show."""
        endpoint, candidate, policy = self.canary.endpoint, self.canary.candidate, self.canary.policy
        verdict = self.verdict or self.decision.verdict(self.elapsed)
        return {
            "endpoint": endpoint.endpoint,
            "model": endpoint.model,
            "candidate": candidate.version,
            "digest": str(endpoint.versions[candidate.version].digest),
            "baseline": self.canary.baseline,
            "step": candidate.step,
            "steps": [float(step) for step in policy.steps],
            "share": self.canary.share,
            "since": utc_time(candidate.since),
            "decided_by": decider,
            "elapsed": self.elapsed,
            "held": candidate.held,
            "verdict": {"kind": verdict.kind, "reason": verdict.reason},
            "waiting": self.waiting,
            "metrics": [_metric_document(evidence) for evidence in verdict.evidence],
            "series": self.series,
            "decision": self.decision.to_json(),
        }


def _metric_document(evidence: MetricEvidence) -> Json:
    (requests, failures), (new_requests, new_failures) = evidence.baseline, evidence.candidate
    return {
        "name": evidence.name,
        "limit_ms": evidence.limit_ms,
        "direction": evidence.direction,
        "log_evidence": evidence.log_evidence,
        "bound": evidence.bound,
        "baseline": {"requests": requests, "failures": failures},
        "candidate": {"requests": new_requests, "failures": new_failures},
    }


def is_another(before: Canary, now: Canary) -> bool:
    """Whether the branch has another canary than before, such as one that was aborted and started again."""
    old, new = before.candidate, now.candidate
    if _compared(before) != _compared(now) or new.step < old.step:
        return True
    return new.step == old.step and new.since != old.since


def _compared(canary: Canary) -> list[tuple[str, Digest]]:
    """Both versions, and their bytes."""
    versions = canary.endpoint.versions
    return [(name, versions[name].digest) for name in (canary.candidate.version, canary.whole_baseline)]


def expected_share(canary: Canary, run: Run | None, kept: JsonReader | None) -> float:
    """The share that the candidate has if nobody has changed the traffic by hand.

    That is the share as last seen, because a person may change the steps meanwhile; where nothing was seen,
    that of the step.
    """
    candidate, steps = canary.candidate, canary.policy.steps
    if run is not None and _step_of(run.canary.candidate) == _step_of(candidate):
        return run.canary.share
    try:
        if kept is not None and _kept_same_step(kept, candidate):
            return kept.get("share", float)
    except InvalidInput:
        pass
    return steps[candidate.step] if candidate.step < len(steps) else canary.share


def _step_of(candidate: Candidate) -> tuple[int, datetime]:
    """A step and its beginning; two steps may begin within a second, and a canary may be started again."""
    return candidate.step, candidate.since


def _kept_same_step(kept: JsonReader, candidate: Candidate) -> bool:
    """Whether what was kept is of the same step.  Raises InvalidInput."""
    return (kept.get("step", int), kept.get("since", str)) == (candidate.step, utc_time(candidate.since))
