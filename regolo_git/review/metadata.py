"""Comparison of the metadata of two versions, without numbers, which are metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regolo_git.records.metadata import MetadataValue


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """One key whose value differs; None means that the key does not exist."""

    key: str
    before: "MetadataValue | None"
    after: "MetadataValue | None"


def compare_metadata(
    before: Mapping[str, MetadataValue], after: Mapping[str, MetadataValue]
) -> tuple[MetadataChange, ...]:
    """Every non-numeric key that differs, sorted by dotted name."""
    old, new = dict(_flatten(before)), dict(_flatten(after))
    return tuple(
        MetadataChange(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _flatten(metadata: Mapping[str, MetadataValue], prefix: str = "") -> Iterator[tuple[str, MetadataValue]]:
    for key, value in metadata.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{prefix}{key}", value
