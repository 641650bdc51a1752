"""The canary of an endpoint as callers see it: what the branch says, and what this machine has measured.

Where none runs, the branch also says how the last one ended, whatever was measured of it.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.endpoints.canary import Canary, canary_of
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.endpoints.history import ROLL_BACK, endpoint_events
from regolo_git.registry.handle import Handle
from regolo_git.serving.canary.decision import MetricEvidence, metric_evidence_text
from regolo_git.serving.canary.kept_evidence import read_evidence
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.local.supervisor.verdict import FRESH_SECONDS
from regolo_git.text.json_values import Plain, plain
from regolo_git.text.times import utc_time

TRAILER_LIMIT = 400


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """The requests of one version that were counted, and how many of them failed by a metric."""

    requests: int
    failures: int

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads an arm of the kept evidence.  Raises InvalidInput."""
        return cls(reader.get("requests", int), reader.get("failures", int))


@dataclass(frozen=True, slots=True)
class MetricStatus:
    """The evidence of one metric in one direction, "worse" or "not_worse"; it is enough at the `bound`.

    Both are natural logarithms.
    """

    name: str
    limit_ms: float | None
    direction: str
    log_evidence: float
    bound: float
    baseline: ArmTotals
    candidate: ArmTotals

    @property
    def evidence(self) -> MetricEvidence:
        """The same as the decision has it."""
        return MetricEvidence(
            self.name,
            self.limit_ms,
            "worse" if self.direction == "worse" else "not_worse",
            self.log_evidence,
            self.bound,
            (self.baseline.requests, self.baseline.failures),
            (self.candidate.requests, self.candidate.failures),
        )

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads a metric of the kept evidence.  Raises InvalidInput."""
        return cls(
            reader.get("name", str),
            reader.get_optional("limit_ms", float),
            reader.get("direction", str),
            reader.get("log_evidence", float),
            reader.get("bound", float),
            ArmTotals.read(reader.object("baseline")),
            ArmTotals.read(reader.object("candidate")),
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What the deciding process on this machine said last, and when.

    `waiting` is why a commit or push waits.
    """

    when: datetime
    candidate: str
    step: int
    decided_by: str | None
    verdict: str
    reason: str
    waiting: str | None
    metrics: tuple[MetricStatus, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether that process still measures, as far as its last word tells."""
        return abs((datetime.now(UTC) - self.when).total_seconds()) <= FRESH_SECONDS

    @classmethod
    def read(cls, reader: JsonReader, when: datetime) -> Self:
        """Reads the kept evidence.  Raises InvalidInput."""
        verdict = reader.object("verdict")
        return cls(
            when,
            reader.get("candidate", str),
            reader.get("step", int),
            reader.get_optional("decided_by", str),
            verdict.get("kind", str),
            verdict.get("reason", str),
            reader.get_optional("waiting", str),
            tuple(MetricStatus.read(metric) for metric in reader.objects("metrics")),
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """How the last canary of an endpoint ended: the commit, its `Regolo-Action`, and why, as it says."""

    candidate: str
    digest: str
    action: str
    commit: str
    when: datetime
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class CanaryStatus:
    """The canary of an endpoint; `candidate` is None if none runs, and `ended` how the last one ended.

    `step` is the index, among the steps of that time, of the one that gave it its share; `next_share` is what
    the next one gives it by the steps as they are.

    `measured` is None where this machine has measured nothing of the present step; without a canary, it is
    about the last one here.
    """

    endpoint: str
    model: str
    candidate: str | None
    baseline: str | None
    share: float | None
    step: int | None
    steps: tuple[float, ...]
    since: datetime | None
    decided_by: str | None
    held: bool
    promotes_itself: bool
    rejected: tuple[str, ...]
    measured: Measured | None
    next_share: float | None = None
    ended: Ended | None = None

    def to_dict(self) -> Plain:
        """The status as plain values."""
        return {name: plain(value) for name, value in asdict(self).items()}


def canary_status(handle: Handle, name: str) -> CanaryStatus:
    """The canary of an endpoint.  Raises NotFound for an unknown endpoint."""
    endpoint = get_endpoint(handle, name)
    canary, policy = canary_of(endpoint), endpoint.canary
    candidate = canary.candidate if canary is not None else None
    return CanaryStatus(
        endpoint=name,
        model=endpoint.model,
        candidate=candidate.version if candidate is not None else None,
        baseline=canary.baseline if canary is not None else None,
        share=canary.share if canary is not None else None,
        step=candidate.step if candidate is not None else None,
        steps=policy.steps if policy is not None else (),
        since=candidate.since if candidate is not None else None,
        decided_by=candidate.decided_by if candidate is not None else None,
        held=candidate is not None and candidate.held,
        promotes_itself=policy is not None and policy.promote,
        rejected=tuple(str(digest) for digest in policy.rejected) if policy is not None else (),
        measured=_measured(handle.paths.common_dir, endpoint, canary),
        next_share=_next_share(canary) if canary is not None else None,
        ended=_ended(handle, name) if canary is None and policy is not None else None,
    )


def _next_share(canary: Canary) -> float:
    step = canary.policy.next_step(canary.share)
    return canary.policy.steps[step] if step is not None else 1.0


def _ended(handle: Handle, name: str) -> Ended | None:
    """The newest commit after which a canary did not run any more."""
    after = None
    for event in endpoint_events(handle, handle.operations_tip(), name, since_creation=True):
        before = event.endpoint
        if after is not None and before is not None and before.candidate is not None:
            version = before.candidate.version
            is_robot = after.action == ROLL_BACK and after.evidence is not None
            reason = (after.evidence or "").partition("; ")[0] if is_robot else after.message
            digest = str(before.versions[version].digest)
            return Ended(version, digest, after.action, after.commit, after.when, after.who, reason)
        after = event
    return None


def _measured(common: Path, endpoint: Endpoint, canary: Canary | None) -> Measured | None:
    path = RuntimeDirectory.of(common).canary(endpoint.endpoint)
    reader = read_evidence(path)
    if reader is None:
        return None
    try:
        measured = Measured.read(reader, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        since = reader.get_optional("since", str)
    except (OSError, InvalidInput):
        return None
    if canary is None:
        return measured
    candidate = canary.candidate
    is_present = (
        (measured.candidate, measured.step) == (candidate.version, candidate.step)
        and since in (None, utc_time(candidate.since))
        # While the branch refuses the claim, what is measured here is all that there is.
        and candidate.decided_by in (None, measured.decided_by)
    )
    return measured if is_present else None


def evidence_now(handle: Handle, name: str) -> str | None:
    """What was measured here of a running canary, for the commit that a person makes; None if nothing was."""
    status = canary_status(handle, name)
    if status.candidate is None or status.measured is None:
        return None
    texts = (metric_evidence_text(metric.evidence) for metric in status.measured.metrics)
    return "; ".join(texts)[:TRAILER_LIMIT] or None
