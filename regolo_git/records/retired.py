"""The retired list of a model: the versions whose bytes need not be kept, one line each."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document
from regolo_git.records.versions import Version

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RetiredEntry:
    """A retired version, the time (with a zone) and author of its retirement, and the reason."""

    version: str
    when: datetime
    who: str
    reason: str
    unknown: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetiredList:
    """The entries, sorted by version."""

    entries: tuple[RetiredEntry, ...] = ()
    unknown: Table = field(default_factory=dict)

    def has(self, version: str) -> bool:
        """Whether the list has a version; `1.0` and `1.0.0` are the same."""
        return self.get(version) is not None

    def get(self, version: str) -> RetiredEntry | None:
        """The entry of a version; None if it is not retired."""
        wanted = Version.parse(version)
        return next((entry for entry in self.entries if Version.parse(entry.version) == wanted), None)

    def with_entry(self, entry: RetiredEntry) -> "RetiredList":
        """The list with an entry added, or replaced if the version is already in it."""
        wanted = Version.parse(entry.version)
        kept = [held for held in self.entries if Version.parse(held.version) != wanted]
        entries = sorted([*kept, entry], key=lambda held: Version.parse(held.version))
        return RetiredList(tuple(entries), self.unknown)

    def to_text(self) -> str:
        """One line per version, so that branches that retire different versions merge cleanly."""
        document: dict[str, TomlValue] = {
            "format": FORMAT,
            "retired": {entry.version: _entry_table(entry) for entry in self.entries},
        }
        return dump_document(document | dict(sorted(self.unknown.items())), "the retired list")

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses a list.  Raises IntegrityError."""
        reader = TableReader.of_document(text, "the retired list", newest=FORMAT)
        entries = [_read_entry(version, entry) for version, entry in reader.take_tables("retired")]
        return cls(tuple(sorted(entries, key=lambda entry: Version.parse(entry.version))), reader.rest)


def _entry_table(entry: RetiredEntry) -> Table:
    table: dict[str, TomlValue] = {
        "when": entry.when.astimezone(UTC).replace(microsecond=0),
        "who": entry.who,
        "reason": entry.reason,
    }
    return table | dict(sorted(entry.unknown.items()))


def _read_entry(version: str, reader: TableReader) -> RetiredEntry:
    when = reader.rest.pop("when", None)
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise IntegrityError(f"{reader.what} has no 'when' with a time zone")
    try:
        Version.parse(version)
    except InvalidInput as error:
        raise IntegrityError(f"{reader.what} is not named by a version") from error
    return RetiredEntry(
        version, when, reader.take("who", str), reader.take("reason", str), unknown=reader.rest
    )
