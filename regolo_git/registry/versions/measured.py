"""Which of the numbers that are given for a version are its metrics: decided once, when it is written.

Given metrics are metrics.  Without them, every number of the metadata is one, as in release 0.1.  With them,
a number of the metadata is one only if the model card has a rule for it or the parent has it as a metric.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import is_number
from regolo_git.records.manifest import FileEntry
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue, flattened
from regolo_git.text.printable import printable


class Divided(NamedTuple):
    """Metadata and metrics; no name is in both."""

    metadata: dict[str, MetadataValue]
    metrics: dict[str, Measurement]


def divided(
    metadata: Mapping[str, MetadataValue],
    metrics: Mapping[str, Measurement] | None,
    known: Collection[str],
) -> Divided:
    """Metadata and metrics as they are written; `known` are the metrics of the card and of the parent.

    Raises InvalidInput for a name that is in both, or twice in the metadata.
    """
    found: dict[str, Measurement] = {}
    kept = _without_metrics(metadata, "", None if metrics is None else known, found)
    for name in found.keys() & (metrics or {}).keys():
        raise _in_both(name)
    every = dict(sorted({**found, **(metrics or {})}.items()))
    for name in clashing(kept, every):
        raise _in_both(name)
    return Divided(kept, every)


def _without_metrics(
    table: Mapping[str, MetadataValue],
    prefix: str,
    known: Collection[str] | None,
    found: dict[str, Measurement],
) -> dict[str, MetadataValue]:
    kept: dict[str, MetadataValue] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if (inner := _without_metrics(value, f"{name}.", known, found)) or not value:
                kept[key] = inner
        elif is_number(value) and (known is None or name in known):
            if name in found:
                raise InvalidInput(f"'{printable(name)}' is there twice", "leave one of them out")
            found[name] = Measurement(value)
        else:
            kept[key] = value
    return kept


def _in_both(name: str) -> InvalidInput:
    text = f"'{printable(name)}' is in both the metrics and the metadata"
    return InvalidInput(text, "leave one of them out")


def clashing(metadata: Mapping[str, MetadataValue], metrics: Iterable[str]) -> Iterator[str]:
    """The names of metadata that a metric has too, or that one would be a table of the other."""
    names = set(metrics)
    tables = {name[:at] for name in names for at, letter in enumerate(name) if letter == "."}
    for name, _ in flattened(metadata):
        parts = name.split(".")
        above = (".".join(parts[:count]) for count in range(1, len(parts)))
        if name in names or name in tables or not names.isdisjoint(above):
            yield name


def without(metadata: Mapping[str, MetadataValue], names: Collection[str]) -> dict[str, MetadataValue]:
    """The metadata without the values of some dotted names, and without tables that had nothing else."""
    return _without(metadata, "", names) if names else dict(metadata)


def _without(
    table: Mapping[str, MetadataValue], prefix: str, names: Collection[str]
) -> dict[str, MetadataValue]:
    kept: dict[str, MetadataValue] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            if (inner := _without(value, f"{prefix}{key}.", names)) or not value:
                kept[key] = inner
        elif f"{prefix}{key}" not in names:
            kept[key] = value
    return kept


def check_predictions(metrics: Mapping[str, Measurement], files: Mapping[str, FileEntry]) -> None:
    """Raises InvalidInput for predictions that are not a file of the artifact."""
    for name, measurement in metrics.items():
        if measurement.predictions is not None and measurement.predictions not in files:
            path = printable(measurement.predictions)
            raise InvalidInput(
                f"'{path}', the predictions of metric '{printable(name)}', is not a file of the artifact",
                "name a file by its path in the directory that is stored",
            )
