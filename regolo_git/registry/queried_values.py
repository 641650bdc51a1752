"""What versions have under the names of a query, or as metrics: of tags from caches, of others from Git."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import IntegrityError
from regolo_git.git.tag_index import TagRow
from regolo_git.records.digests import Digest
from regolo_git.records.filter_expression import Value
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.label_rows import ByVersion, labels_of, read_labels
from regolo_git.registry.lookup import versions_of_rows
from regolo_git.registry.manifest_values import OnSlow, Sections, read_values, sections_of
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.versions.model_version import ModelVersion, known_metrics

if TYPE_CHECKING:
    from regolo_git.records.evaluations import Evaluation

OF_TAG: Mapping[str, Callable[[TagRow], Value]] = {
    "model": lambda row: row.model,
    "version": lambda row: Version.parse(row.version),
    "size": lambda row: row.size,
    "created": lambda row: row.created_at,
    "author": lambda row: row.created_by,
    "message": lambda row: row.subject,
    "digest": lambda row: str(row.digest),
}
OF_VERSION: Mapping[str, Callable[[ModelVersion], Value]] = {
    "model": lambda version: version.model_id,
    "version": lambda version: Version.parse(version.version),
    "size": lambda version: version.size_bytes,
    "created": lambda version: version.created_at,
    "author": lambda version: version.created_by,
    "message": lambda version: version.message,
    "digest": lambda version: version.digest,
}
OF_STATUS: Mapping[str, Callable[[ModelVersion], Value | None]] = {
    "status": lambda version: version.status,
    "environment": lambda version: version.environments or None,
    "endpoint": lambda version: tuple(version.endpoints) or None,
}
KNOWN = frozenset((*OF_TAG, *OF_STATUS))
LABELS = "labels."  # before the name of a label

Metrics = Mapping[str, int | float]


class _Later(NamedTuple):
    """What was measured of versions later, by model, version and digest; the newest of each metric."""

    by_version: Mapping[tuple[str, str, Digest], Mapping[str, int | float]]

    def of(self, row: TagRow) -> Metrics:
        return self.by_version.get((row.model, row.identity, row.digest), {})


@dataclass(frozen=True, slots=True)
class Read:
    """What some versions have, one of each list for each: the wanted values, and all metrics if asked for.

    `names` are all names that one of them has.
    """

    values: list[dict[str, Value]] = field(default_factory=list)
    metrics: list[Metrics] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, sections: Sections, labels: Mapping[str, str], wanted: Sequence[str]) -> None:
        """Adds a version with the values of its manifest, those measured later included, and its labels."""
        for held in sections.values():
            self.names.update(held)
        self.names.update(labels)
        found = {name: _value(sections, labels, name) for name in wanted}
        self.values.append({name: value for name, value in found.items() if value is not None})


def of_rows(
    handle: Handle, rows: Sequence[TagRow], names: Sequence[str], on_slow: OnSlow, *, every_metric: bool
) -> Read:
    """What tagged versions have, on the registry branch.  A notice names what cannot be read."""
    wanted = [name for name in names if name not in KNOWN]
    needed = bool(wanted) or every_metric
    held = dict(read_values(handle, [row.manifest_oid for row in rows], on_slow)) if needed else {}
    later = _measured_later(handle, {row.model for row in rows} if needed else ())
    labels = _labels(handle, rows) if wanted else {}
    of_status = [name for name in names if name in OF_STATUS]
    versions = versions_of_rows(handle, rows) if of_status else ()
    read = Read()
    for number, row in enumerate(rows):
        sections = held.get(row.manifest_oid, {})
        metrics = {**sections.get("metrics", {}), **later.of(row)}
        read.add({**sections, "metrics": metrics}, labels_of(labels.get(row.model, {}), row), wanted)
        read.metrics.append(_numbers(metrics) if every_metric else {})
        read.values[-1] |= {name: OF_TAG[name](row) for name in names if name in OF_TAG}
        read.values[-1] |= _statuses(versions[number], of_status) if of_status else {}
    return read


def metrics_of(handle: Handle, versions: Sequence[ModelVersion], on_slow: OnSlow) -> list[Metrics]:
    """All metrics of each of some tagged versions, on the registry branch."""
    keys = [(version.model_id, Version.parse(version.version).identity) for version in versions]
    rows = handle.index.find_all(keys)
    read = of_rows(handle, list(rows.values()), (), on_slow, every_metric=True)
    found = dict(zip(rows, read.metrics, strict=True))
    return [found.get(key, {}) for key in keys]


def of_versions(
    handle: Handle, versions: Sequence[ModelVersion], names: Sequence[str], *, every_metric: bool
) -> Read:
    """What versions have that were found in the history of a commit, which may have no tag."""
    wanted = [name for name in names if name not in KNOWN]
    read = Read()
    for version in versions:
        metrics = (known_metrics(handle, version) if wanted or every_metric else None) or {}
        sections = _sections(version) if wanted else {}
        read.add({**sections, "metrics": metrics}, version.labels, wanted)
        read.metrics.append(metrics if every_metric else {})
        read.values[-1] |= {name: OF_VERSION[name](version) for name in names if name in OF_VERSION}
        read.values[-1] |= _statuses(version, [name for name in names if name in OF_STATUS])
    return read


def _sections(version: ModelVersion) -> Sections:
    """The values of a manifest; none if it cannot be read, which `known_metrics` has said."""
    try:
        return sections_of(version.manifest)
    except IntegrityError:
        return {}


def _statuses(version: ModelVersion, names: Iterable[str]) -> dict[str, Value]:
    found = {name: OF_STATUS[name](version) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _numbers(metrics: Mapping[str, Value]) -> Metrics:
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


def _measured_later(handle: Handle, models: Iterable[str]) -> _Later:
    records, found = handle.records(), dict[tuple[str, str, Digest], dict[str, int | float]]()
    for model in models:
        try:
            entries: Sequence[Evaluation] = records.evaluations(model).entries
        except IntegrityError as error:
            handle.notice_broken([error])
            continue
        for entry in entries:
            key = model, Version.parse(entry.version).identity, entry.digest
            found.setdefault(key, {}).update((name, each.value) for name, each in entry.metrics.items())
    return _Later(found)


def _labels(handle: Handle, rows: Sequence[TagRow]) -> dict[str, ByVersion]:
    """The labels of each model that has some."""
    statuses = read_statuses(handle)
    labelled = {row.model for row in rows}.intersection(statuses.labelled)
    return {model: read_labels(handle, statuses.tip, model) for model in labelled if statuses.tip is not None}


def _value(sections: Sections, labels: Mapping[str, str], name: str) -> Value | None:
    for held in sections.values():
        if name in held:
            return held[name]
    section, _, inner = name.partition(".")
    found = sections.get(section, {}).get(inner)
    return found if found is not None else labels.get(name, labels.get(name.removeprefix(LABELS)))
