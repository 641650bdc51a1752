"""What was measured of versions after their creation: sorted lines in a file of the model.

A line counts only for the version with its digest.  Lines of two branches are merged by union: their
order in the file and duplicates have no meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement, measurements_table, read_measurements
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document, inline_text
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain, plain

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured of a version with this digest, when (with a zone), by whom, and labels of the run."""

    version: str
    digest: Digest
    when: datetime
    who: str
    metrics: Mapping[str, Measurement]
    labels: Mapping[str, str] = field(default_factory=dict)
    unknown: Table = field(default_factory=dict)

    def to_dict(self) -> Plain:
        """The metrics with what is known of them, when, by whom, and the labels of the run."""
        return {
            "when": plain(self.when),
            "who": self.who,
            "metrics": {name: plain(held.to_dict()) for name, held in self.metrics.items()},
            "labels": dict(self.labels),
        }

    def to_table(self) -> Table:
        """The values in their order."""
        table: dict[str, TomlValue] = {
            "version": self.version,
            "digest": str(self.digest),
            "when": self.when.astimezone(UTC).replace(microsecond=0),
            "who": self.who,
            "metrics": measurements_table(self.metrics),
        }
        if self.labels:
            table["labels"] = dict(sorted(self.labels.items()))
        return table | dict(sorted(self.unknown.items()))

    def is_of(self, version: str, digest: Digest) -> bool:
        """Whether it is of this version, with these bytes."""
        return self.digest == digest and Version.parse(self.version) == Version.parse(version)


class Measured(NamedTuple):
    """A measurement, and the evaluation that it is from; None for one of the manifest."""

    measurement: Measurement
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Evaluations:
    """The evaluations of a model, sorted by version and time."""

    entries: tuple[Evaluation, ...] = ()
    unknown: Table = field(default_factory=dict)

    def of(self, version: str, digest: Digest) -> tuple[Evaluation, ...]:
        """The evaluations of a version with these bytes, oldest first."""
        return tuple(entry for entry in self.entries if entry.is_of(version, digest))

    def measured(self, manifest: Manifest) -> dict[str, Measured]:
        """The metrics of a version by name: of several measurements of one, the newest."""
        found = {name: Measured(measurement) for name, measurement in manifest.measurements.items()}
        for entry in self.of(manifest.version, manifest.artifact.digest):
            found |= {name: Measured(measurement, entry) for name, measurement in entry.metrics.items()}
        return dict(sorted(found.items()))

    def with_entries(self, *added: Evaluation) -> "Evaluations":
        """The evaluations with more of them."""
        lines = {inline_text(entry.to_table()): entry for entry in (*self.entries, *added)}
        ordered = sorted(lines.items(), key=lambda line: (_place(line[1]), line[0]))
        return replace(self, entries=tuple(entry for _, entry in ordered))

    def renumbered(self, names: Mapping[tuple[str, Digest], str]) -> "Evaluations":
        """The evaluations with new numbers for versions, by the identities and digests that they had."""
        moved = (
            replace(
                entry, version=names.get((Version.parse(entry.version).identity, entry.digest), entry.version)
            )
            for entry in self.entries
        )
        return Evaluations((), self.unknown).with_entries(*moved)

    def to_text(self) -> str:
        """One line for each evaluation."""
        document: dict[str, TomlValue] = {"format": FORMAT}
        if self.entries:
            document["evaluations"] = [entry.to_table() for entry in self.entries]
        return dump_document(document | dict(sorted(self.unknown.items())), "the evaluations")

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses the evaluations of a model.  Raises IntegrityError."""
        reader = TableReader.of_document(text, "the record of evaluations", newest=FORMAT)
        lines = reader.take_optional("evaluations", list) or []
        entries = [_read(line, reader.what, number) for number, line in enumerate(lines, 1)]
        read = Evaluations((), reader.rest).with_entries(*entries)
        return cls(read.entries, read.unknown)


def _place(entry: Evaluation) -> tuple[Version, datetime]:
    return Version.parse(entry.version), entry.when


def _read(line: TomlValue, what: str, number: int) -> Evaluation:
    reader = TableReader(line if isinstance(line, dict) else {}, what, f"evaluations {number}")
    when = reader.rest.pop("when", None)
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise IntegrityError(f"{reader.what} has no 'when' with a time zone")
    metrics, labels = reader.take_table("metrics"), reader.take_table("labels")
    try:
        version = reader.take("version", str)
        Version.parse(version)
        return Evaluation(
            version,
            Digest.parse(reader.take("digest", str)),
            when,
            reader.take("who", str),
            read_measurements(metrics),
            {name: labels.take(name, str) for name in sorted(labels.rest)},
            reader.rest,
        )
    except InvalidInput as error:
        raise IntegrityError(f"{error.message}, in {reader.what}", error.hint) from error
