"""Versions of one model or of all, or in the history of a commit, filtered and sorted by what they have.

A name is first what the registry knows of a version (`version`, `status`, `size`, `created`, `author`,
`message`, `model`, `digest`, `environment`, `endpoint`), then a metric, a key of the metadata, a parameter, a
label; `metrics.NAME`, `metadata.NAME`, `parameters.NAME` and `labels.NAME` name one of these for certain.
`queried_values.py` reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from regolo_git.errors import InvalidInput
from regolo_git.git.tag_index import TagRow
from regolo_git.records.filter_expression import Filter, Value
from regolo_git.records.kinds import is_number
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows, versions_of_rows
from regolo_git.registry.manifest_values import OnSlow
from regolo_git.registry.queried_values import KNOWN, Metrics, Read, of_rows, of_versions
from regolo_git.registry.unknown_metric import unknown_metric
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.nearest import nearest
from regolo_git.text.printable import printable

Each = TypeVar("Each", TagRow, ModelVersion)


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
    """Which versions, in which order; without `sort`, the highest first.  `shown` are more names to read.

    With `every_metric` all metrics are read, too.
    """

    where: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    shown: tuple[str, ...] = ()
    every_metric: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every name whose values are read."""
        filtered = self.where.names if self.where is not None else ()
        return tuple(dict.fromkeys([*self.shown, *(key.name for key in self.sort), *filtered]))


@dataclass(frozen=True, slots=True)
class Found:
    """A version that a query found, and what it has under the names of the query; `metrics` if asked for."""

    version: ModelVersion
    values: Mapping[str, Value]
    metrics: Metrics = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Candidate(Generic[Each]):
    item: Each
    model: str
    values: Mapping[str, Value]
    metrics: Metrics


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
    read = of_rows(handle, rows, _wanted(query), on_slow, every_metric=query.every_metric)
    candidates = _chosen(handle, query, rows, lambda row: row.model, read, model)
    chosen = candidates[:limit]
    versions = versions_of_rows(handle, [each.item for each in chosen])
    found = [Found(v, each.values, each.metrics) for v, each in zip(versions, chosen, strict=True)]
    return found, len(candidates)


def select_among(
    handle: Handle, query: VersionQuery, versions: Sequence[ModelVersion], limit: int | None = None
) -> tuple[list[Found], int]:
    """The same of versions of a commit or a range, with and without tags, from the lowest or oldest.

    Each has the evaluations and labels that it was found with.  Raises NotFound.
    """
    read = of_versions(handle, versions, _wanted(query), every_metric=query.every_metric)
    candidates = _chosen(handle, query, versions, lambda version: version.model_id, read, None)
    return [Found(each.item, each.values, each.metrics) for each in candidates[:limit]], len(candidates)


def _wanted(query: VersionQuery) -> list[str]:
    return list(query.names)


def _chosen(
    handle: Handle,
    query: VersionQuery,
    items: Sequence[Each],
    model_of: Callable[[Each], str],
    read: Read,
    model: str | None,
) -> list[_Candidate[Each]]:
    """Those that meet a query, sorted; a name that none of all has is said, or an error if it is shown."""
    _say_unknown(handle, query, read, model)
    every = zip(items, read.values, read.metrics, strict=True)
    candidates = [
        _Candidate(item, model_of(item), values, metrics)
        for item, values, metrics in every
        if query.where is None or query.where.matches(values.get)
    ]
    return _sorted(candidates, query.sort)


def _say_unknown(handle: Handle, query: VersionQuery, read: Read, model: str | None) -> None:
    if not read.values:
        return
    had = {name for values in read.values for name in values}
    for name in sorted(name for name in query.names if name not in KNOWN and name not in had):
        if name in query.shown:
            raise unknown_metric(model, name, read.names, "list")
        meant = nearest(name, read.names)
        close = f" (did you mean '{printable(meant)}'?)" if meant is not None else ""
        handle.notice_once(f"no version has '{printable(name)}'{close}")


def _sorted(found: list[_Candidate[Each]], keys: Sequence[SortKey]) -> list[_Candidate[Each]]:
    """The highest versions first, then by each key from the last to the first: sorting keeps the order."""
    ordered = found[::-1]  # the index has the lowest first
    ordered.sort(key=lambda each: each.model)
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
