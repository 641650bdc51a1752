"""The canary of an endpoint as callers see it: what the branch says, and what this machine has measured."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.endpoints.canary import Canary, canary_of
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.canary.kept_evidence import read_evidence
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.text.json_values import Plain, plain

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
    """What the deciding process on this machine said last; `waiting` is why a commit or push waits."""

    candidate: str
    step: int
    decided_by: str | None
    verdict: str
    reason: str
    waiting: str | None
    metrics: tuple[MetricStatus, ...]

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads the kept evidence.  Raises InvalidInput."""
        verdict = reader.object("verdict")
        return cls(
            reader.get("candidate", str),
            reader.get("step", int),
            reader.get_optional("decided_by", str),
            verdict.get("kind", str),
            verdict.get("reason", str),
            reader.get_optional("waiting", str),
            tuple(MetricStatus.read(metric) for metric in reader.objects("metrics")),
        )


@dataclass(frozen=True, slots=True)
class CanaryStatus:
    """The canary of an endpoint; `candidate` is None if none runs.

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
    )


def _measured(common: Path, endpoint: Endpoint, canary: Canary | None) -> Measured | None:
    reader = read_evidence(RuntimeDirectory.of(common).canary(endpoint.endpoint))
    if reader is None:
        return None
    try:
        measured = Measured.read(reader)
    except InvalidInput:
        return None
    if canary is None:
        return measured
    present = canary.candidate.version, canary.candidate.step, canary.candidate.decided_by
    return measured if (measured.candidate, measured.step, measured.decided_by) == present else None


def evidence_now(handle: Handle, name: str) -> str | None:
    """What was measured here of a running canary, for the commit that a person makes; None if nothing was."""
    status = canary_status(handle, name)
    if status.candidate is None or status.measured is None:
        return None
    metrics = [
        f"{metric.name} {metric.direction} {metric.log_evidence:.3g} of {metric.bound:.3g}"
        f" ({metric.baseline.failures}/{metric.baseline.requests}"
        f" and {metric.candidate.failures}/{metric.candidate.requests})"
        for metric in status.measured.metrics
    ]
    return "; ".join(metrics)[:TRAILER_LIMIT] or None
