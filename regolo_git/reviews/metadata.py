"""Comparison of the metadata of two versions, without metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from regolo_git.records.metadata import MetadataValue, flattened


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """One key whose value differs; None means that the key does not exist."""

    key: str
    before: "MetadataValue | None"
    after: "MetadataValue | None"


def compare_metadata(
    before: Mapping[str, MetadataValue], after: Mapping[str, MetadataValue]
) -> tuple[MetadataChange, ...]:
    """Every key that differs, sorted by dotted name."""
    old, new = _values(before), _values(after)
    return tuple(
        MetadataChange(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _values(metadata: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    return dict(flattened(metadata))
