"""Versions of one model or of all, filtered and sorted by their metrics, metadata and more.

A name is first what the registry knows of a version (`version`, `status`, `size`, `created`, `author`,
`message`, `model`, `digest`, `environment`, `endpoint`), then a metric, a key of the metadata, a parameter, a
label; `metrics.NAME`, `metadata.NAME`, `parameters.NAME` and `labels.NAME` name one of these for certain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.git.tag_index import TagRow
from regolo_git.records.digests import Digest
from regolo_git.records.filter_expression import Filter, Value
from regolo_git.records.kinds import is_number
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.label_rows import ByVersion, labels_of, read_labels
from regolo_git.registry.lookup import model_rows, versions_of_rows
from regolo_git.registry.manifest_values import OnSlow, Sections, read_values
from regolo_git.registry.unknown_metric import unknown_metric
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.nearest import nearest
from regolo_git.text.printable import printable

OF_TAG: Mapping[str, Callable[[TagRow], Value]] = {
    "model": lambda row: row.model,
    "version": lambda row: Version.parse(row.version),
    "size": lambda row: row.size,
    "created": lambda row: row.created_at,
    "author": lambda row: row.created_by,
    "message": lambda row: row.subject,
    "digest": lambda row: str(row.digest),
}
OF_STATUS: Mapping[str, Callable[[ModelVersion], Value | None]] = {
    "status": lambda version: version.status,
    "environment": lambda version: version.environments or None,
    "endpoint": lambda version: tuple(version.endpoints) or None,
}
KNOWN = frozenset((*OF_TAG, *OF_STATUS))
LABELS = "labels."  # before the name of a label


@dataclass(frozen=True, slots=True)
class SortKey:
    """A name to sort by; versions that lack it come last, whatever the direction."""

    name: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> "SortKey":
        """Parses `accuracy`, or `-accuracy` for the highest first.  Raises InvalidInput."""
        name = text.removeprefix("-").strip().removeprefix("[").removesuffix("]")
        if not name:
            raise InvalidInput(f"'{printable(text)}' names nothing to sort by", "use --sort -accuracy")
        return cls(name, text.startswith("-"))


@dataclass(frozen=True, slots=True)
class VersionQuery:
    """Which versions, in which order; without `sort`, the highest first.  `shown` are more names to read."""

    where: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name whose values are read."""
        filtered = self.where.names if self.where is not None else ()
        return tuple(dict.fromkeys([*self.shown, *(key.name for key in self.sort), *filtered]))


@dataclass(frozen=True, slots=True)
class Found:
    """A version that a query found, and what it has under the names of the query."""

    version: ModelVersion
    values: Mapping[str, Value]


class _Candidate(NamedTuple):
    row: TagRow
    values: Mapping[str, Value]


def select_versions(
    handle: Handle,
    query: VersionQuery,
    model: str | None = None,
    limit: int | None = None,
    on_slow: OnSlow = lambda *_: None,
) -> tuple[list[Found], int]:
    """The first versions of a model, or of all models, that meet a query, and the number of all of them.

    `on_slow` gets the number of manifests that have to be read and about how many seconds that takes, if it
    takes long.  A notice names a manifest that cannot be read, and a name that no version has.  Raises
    NotFound, also for a name to show that no version has.
    """
    rows = model_rows(handle, model) if model is not None else handle.index.all_rows()
    candidates = _sorted(_matching(handle, query, model, rows, on_slow), query.sort)
    chosen = candidates[:limit]
    versions = versions_of_rows(handle, [each.row for each in chosen])
    found = [Found(version, each.values) for version, each in zip(versions, chosen, strict=True)]
    return found, len(candidates)


def _matching(
    handle: Handle, query: VersionQuery, model: str | None, rows: Sequence[TagRow], on_slow: OnSlow
) -> list[_Candidate]:
    names = query.names
    wanted = [name for name in names if name not in KNOWN]
    held, every = _read(handle, rows, wanted, on_slow) if wanted else ({}, set())
    later = _measured_later(handle, rows, wanted) if wanted else {}
    labels = _labels(handle, rows) if wanted else {}
    of_tag = {name: OF_TAG[name] for name in names if name in OF_TAG}
    of_status = {name: OF_STATUS[name] for name in names if name in OF_STATUS}
    versions = versions_of_rows(handle, rows) if of_status else ()
    found, unknown = [], set(wanted)
    for number, row in enumerate(rows):
        values = dict(held.get(row.manifest_oid, ()))
        values |= later.get((row.model, row.identity, row.digest), {})
        for label, text in labels_of(labels.get(row.model, {}), row).items():
            every.add(label)
            named = {label, f"{LABELS}{label}"}
            values |= {name: text for name in wanted if name in named and name not in values}
        unknown.difference_update(values)
        values |= {name: of(row) for name, of in of_tag.items()}
        for name, of in of_status.items():
            value = of(versions[number])
            if value is not None:
                values[name] = value
        if query.where is None or query.where.matches(values.get):
            found.append(_Candidate(row, values))
    for name in sorted(unknown):
        if name in query.shown:
            raise unknown_metric(model, name, every, "list")
        meant = nearest(name, every)
        close = f" (did you mean '{printable(meant)}'?)" if meant is not None else ""
        handle.notice_once(f"no version has '{printable(name)}'{close}")
    return found


def _measured_later(
    handle: Handle, rows: Sequence[TagRow], names: Sequence[str]
) -> dict[tuple[str, str, Digest], dict[str, Value]]:
    """The wanted metrics that were measured later, by model, version and digest; the newest of each."""
    records, found = handle.records(), dict[tuple[str, str, Digest], dict[str, Value]]()
    for model in {row.model for row in rows}:
        try:
            entries = records.evaluations(model).entries
        except IntegrityError as error:
            handle.notice_broken([error])
            continue
        for entry in entries:
            key = model, Version.parse(entry.version).identity, entry.digest
            held = {name: entry.metrics.get(name.removeprefix("metrics.")) for name in names}
            values: dict[str, Value] = {name: each.value for name, each in held.items() if each is not None}
            found.setdefault(key, {}).update(values)
    return found


def _labels(handle: Handle, rows: Sequence[TagRow]) -> dict[str, ByVersion]:
    """The labels of each model that has some."""
    statuses = read_statuses(handle)
    labelled = {row.model for row in rows}.intersection(statuses.labelled)
    return {model: read_labels(handle, statuses.tip, model) for model in labelled if statuses.tip is not None}


def _read(
    handle: Handle, rows: Sequence[TagRow], names: Sequence[str], on_slow: OnSlow
) -> tuple[dict[str, dict[str, Value]], set[str]]:
    """The wanted values of each manifest, and every name that one of them has."""
    found: dict[str, dict[str, Value]] = {}
    every: set[str] = set()
    for oid, sections in read_values(handle, [row.manifest_oid for row in rows], on_slow):
        for held in sections.values():
            every.update(held)
        values = {name: _value(sections, name) for name in names}
        found[oid] = {name: value for name, value in values.items() if value is not None}
    return found, every


def _value(sections: Sections, name: str) -> Value | None:
    for held in sections.values():
        if name in held:
            return held[name]
    section, _, inner = name.partition(".")
    return sections.get(section, {}).get(inner)


def _sorted(found: list[_Candidate], keys: Sequence[SortKey]) -> list[_Candidate]:
    """The highest versions first, then by each key from the last to the first: sorting keeps the order."""
    ordered = found[::-1]  # the index has the lowest first
    ordered.sort(key=lambda each: each.row.model)
    for key in reversed(keys):
        having = [each for each in ordered if key.name in each.values]
        lacking = [each for each in ordered if key.name not in each.values]
        having.sort(key=lambda each: _order(each.values[key.name]), reverse=key.descending)
        ordered = having + lacking
    return ordered


def _order(value: Value) -> tuple[str, object]:
    """Values of one kind beside each other, numbers by their value."""
    if is_number(value):
        return "", value
    if isinstance(value, date):
        return "time", value.isoformat()
    return type(value).__name__, value if not isinstance(value, list | tuple) else [str(x) for x in value]
