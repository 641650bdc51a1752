"""What a new version takes over from its parent, unless it is given again.

With other bytes: the description, the metadata that are not numbers, and the serving block.  Metrics are
measurements of the parent's bytes, and lineage says what those were made from, so neither is taken over.
With the same bytes everything still holds, and everything is taken over; but metrics that are given are a new
measurement, which replaces the old one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from regolo_git.records.kinds import is_number
from regolo_git.records.manifest import Lineage, Manifest
from regolo_git.records.metadata import MetadataValue, metrics_of, normalise_metadata


class Given(NamedTuple):
    """The values of a request that describe the new version; None if they are not given."""

    metadata: Mapping[str, MetadataValue]
    description: str | None
    lineage: Lineage | None


class Described(NamedTuple):
    """The description of a new version: `carried` names what came from `parent`, `left` its metrics."""

    metadata: Mapping[str, MetadataValue]
    description: str | None
    lineage: Lineage | None
    parent: str | None = None
    carried: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def described(given: Given, parent: Manifest | None, *, same_bytes: bool) -> Described:
    """The given values, completed from the parent's manifest."""
    if parent is None:
        return Described(given.metadata, given.description, given.lineage)
    measured = bool(metrics_of(given.metadata))
    kept = dict(parent.metadata) if same_bytes and not measured else _without_numbers(parent.metadata)
    kept = {key: value for key, value in kept.items() if key not in given.metadata}
    lineage = given.lineage or (parent.lineage if same_bytes else None)
    carried = [*(["description"] if given.description is None and parent.description else []), *kept]
    carried += ["lineage"] if lineage is not None and given.lineage is None else []
    metadata = normalise_metadata({**kept, **given.metadata})
    left = set() if same_bytes else metrics_of(parent.metadata).keys() - metrics_of(metadata).keys()
    return Described(
        metadata,
        given.description if given.description is not None else parent.description,
        lineage,
        parent.version,
        tuple(carried),
        tuple(sorted(left)),
    )


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
