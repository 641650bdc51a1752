"""What a new version takes over from its parent, unless it is given again.

With other bytes: the description, the metadata (of a parent that release 0.1 wrote not its numbers), with the
licence, and the serving block.  Metrics are measurements of the parent's bytes, and lineage says what those
were made from, so neither is taken over.  With the same bytes everything still holds, and everything is taken
over; but metrics that are given are a new measurement, which replaces the old one.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from regolo_git.records.kinds import is_number
from regolo_git.records.manifest import Lineage, Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue, normalize_metadata
from regolo_git.registry.versions.measured import clashing, divided, without

Metrics = Mapping[str, Measurement]


class Given(NamedTuple):
    """The values of a request that describe the new version; None if they are not given."""

    metadata: Mapping[str, MetadataValue]
    metrics: Metrics | None
    description: str | None
    lineage: Lineage | None


class Described(NamedTuple):
    """The description of a new version: `carried` names what came from `parent`, `left` its metrics.

    `left_data` are the data sets of the parent's lineage, by name, which are not taken over either.
    """

    metadata: Mapping[str, MetadataValue]
    metrics: Metrics
    description: str | None
    lineage: Lineage | None
    parent: str | None = None
    carried: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    left_data: tuple[str, ...] = ()


def described(
    given: Given, parent: Manifest | None, *, same_bytes: bool, ruled: Collection[str]
) -> Described:
    """The given values, completed from the parent's manifest; `ruled` are the metrics of the model card.

    Raises InvalidInput for a name that is in both metrics and metadata.
    """
    if parent is None:
        return Described(*divided(given.metadata, given.metrics, ruled), given.description, given.lineage)
    metadata, metrics = divided(given.metadata, given.metrics, {*ruled, *parent.measurements})
    measured_before = parent.measurements if same_bytes and not metrics else {}
    metrics = {**metrics, **measured_before}
    kept = {k: v for k, v in _still_true(parent, same_bytes=same_bytes).items() if k not in given.metadata}
    kept = without(kept, set(clashing(kept, metrics)))
    lineage = given.lineage or (parent.lineage if same_bytes else None)
    carried = [*(["description"] if given.description is None and parent.description else []), *kept]
    carried += measured_before
    carried += ["lineage"] if lineage is not None and given.lineage is None else []
    return Described(
        normalize_metadata({**kept, **metadata}),
        metrics,
        given.description if given.description is not None else parent.description,
        lineage,
        parent.version,
        tuple(carried),
        () if same_bytes else tuple(sorted(parent.measurements.keys() - metrics.keys())),
        () if same_bytes or parent.lineage is None else _left_data(parent.lineage, lineage),
    )


def inherited(given: Given, source: Manifest, *, ruled: Collection[str]) -> Described:
    """The given values, completed from a version that supplies the bytes; given metrics join those it has."""
    metadata, metrics = divided(given.metadata, given.metrics, {*ruled, *source.measurements})
    metrics = dict(sorted({**source.measurements, **metrics}.items()))
    kept = {k: v for k, v in source.plain_metadata.items() if k not in given.metadata}
    kept = without(kept, set(clashing(kept, metrics)))
    merged = normalize_metadata({**kept, **metadata})
    return Described(merged, metrics, given.description, given.lineage)


def _still_true(parent: Manifest, *, same_bytes: bool) -> Mapping[str, MetadataValue]:
    """The metadata of a parent that hold of the new version."""
    if same_bytes or parent.has_own_metrics:
        return parent.plain_metadata
    return _without_numbers(parent.metadata)


def _left_data(before: Lineage, after: Lineage | None) -> tuple[str, ...]:
    return tuple(name for name in before.data if after is None or name not in after.data)


def _without_numbers(table: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    """A table without numbers, without the lists and tables that have nothing else, at any depth."""
    kept: dict[str, MetadataValue] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            if inner := _without_numbers(value):
                kept[key] = inner
        elif not _has_numbers(value):
            kept[key] = value
    return kept


def _has_numbers(value: MetadataValue) -> bool:
    if isinstance(value, list):
        return any(_has_numbers(element) for element in value)
    if isinstance(value, dict):
        return any(_has_numbers(element) for element in value.values())
    return is_number(value)
