"""The versions of a model as steps: how each metric changed from the parent version, and which one set it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regolo_git.records.evaluations import Evaluation
from regolo_git.records.model_card import MetricRule
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_versions
from regolo_git.registry.unknown_metric import unknown_metric
from regolo_git.registry.versions.model_version import ModelVersion, known_measurements
from regolo_git.text.json_values import Plain, plain
from regolo_git.verdict.metrics import MetricChange, compare_metrics


@dataclass(frozen=True, slots=True)
class Step:
    """A version, its parent version, and the change of each metric between them."""

    version: ModelVersion
    previous: ModelVersion | None
    changes: Mapping[str, MetricChange]


@dataclass(frozen=True, slots=True)
class MetricOrigin:
    """The version that gave a metric a value, and how the value changed from its parent version."""

    metric: str
    version: ModelVersion
    previous: ModelVersion | None
    change: MetricChange

    def to_dict(self) -> Plain:
        """The origin as plain values, under the names of `git regolo blame --json`."""
        version, change, later = self.version, self.change, self.evaluation
        return {
            "metric": self.metric,
            "value": change["b"],
            "previous": change["a"],
            "diff": change["diff"],
            "relative": change["relative"],
            "verdict": change["verdict"],
            "version": version.version,
            "previous_version": self.previous.version if self.previous is not None else None,
            "commit": version.commit or None,
            "by": version.created_by,
            "created_at": plain(version.created_at),
            "message": version.message,
            "measured_later": {"by": later.who, "when": plain(later.when)} if later is not None else None,
        }

    @property
    def evaluation(self) -> Evaluation | None:
        """Who measured it later, and when; None for a value of the manifest."""
        held = self.version.measured.get(self.metric) if self.change["b"] is not None else None
        return held.evaluation if held is not None else None


def steps_of(handle: Handle, versions: Sequence[ModelVersion], rules: Mapping[str, MetricRule]) -> list[Step]:
    """The steps of versions of one model, the last one first; the parents need not be among them.

    A version whose manifest cannot be read has no parent and no metrics, with a notice.
    """
    measured = {version.version: known_measurements(handle, version) for version in versions}
    by_name = {version.version: version for version in versions}
    readable = [version for version in versions if measured[version.version] is not None]
    older = {name for version in readable for name in version.parents} - set(by_name)
    for model in {version.model_id for version in versions}:
        for version in find_versions(handle, model, sorted(older)):
            by_name[version.version] = version
            measured[version.version] = known_measurements(handle, version)
    steps = []
    for version in reversed(versions):
        metrics = measured[version.version]
        parents = version.parents if metrics is not None else ()
        previous = next((by_name[name] for name in parents if name in by_name), None)
        before = (measured[previous.version] if previous is not None else None) or {}
        steps.append(Step(version, previous, compare_metrics(before, metrics or {}, rules)))
    return steps


def of_metric(steps: Sequence[Step], model: str, metric: str, command: str = "log") -> list[Step]:
    """The same steps with one metric.  Raises NotFound if none has it, with the nearest names."""
    known = sorted(
        {name for step in steps for name, change in step.changes.items() if change["b"] is not None}
    )
    if metric not in known:
        raise unknown_metric(model, metric, known, command)
    return [
        Step(step.version, step.previous, {metric: step.changes[metric]} if metric in step.changes else {})
        for step in steps
    ]


def changes_of_metric(steps: Sequence[Step], model: str, metric: str) -> list[MetricOrigin]:
    """Every version that gave a metric another value than its parent has, the last one first.

    Raises NotFound if no version has the metric.
    """
    return [
        MetricOrigin(metric, step.version, step.previous, step.changes[metric])
        for step in of_metric(steps, model, metric, "blame")
        if metric in step.changes and step.changes[metric]["a"] != step.changes[metric]["b"]
    ]


def origins_of_metrics(steps: Sequence[Step]) -> list[MetricOrigin]:
    """The version that gave each metric of the last version its value, by name."""
    by_name = {step.version.version: step for step in steps}
    last = steps[0]
    found = []
    for metric, change in last.changes.items():
        if change["b"] is None:
            continue
        step = last
        while step.previous is not None and step.changes[metric]["a"] == step.changes[metric]["b"]:
            before = by_name.get(step.previous.version)
            if before is None or metric not in before.changes:
                break
            step = before
        found.append(MetricOrigin(metric, step.version, step.previous, step.changes[metric]))
    return found
