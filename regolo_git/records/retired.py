"""The retired list of a model: versions whose bytes are no longer kept, one line each."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document, load_document
from regolo_git.records.versions import Version

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RetiredEntry:
    """Which version was retired, when (with a time zone), by whom and why."""

    version: str
    when: datetime
    who: str
    reason: str
    unknown: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetiredList:
    """The entries in the order of the versions."""

    entries: tuple[RetiredEntry, ...] = ()
    unknown: Table = field(default_factory=dict)

    def has(self, version: str) -> bool:
        """Whether a version is in the list; `1.0` and `1.0.0` are one."""
        wanted = Version.parse(version)
        return any(Version.parse(entry.version) == wanted for entry in self.entries)

    def with_entry(self, entry: RetiredEntry) -> "RetiredList":
        """The list with one more; an entry of the same version is replaced."""
        wanted = Version.parse(entry.version)
        kept = [held for held in self.entries if Version.parse(held.version) != wanted]
        entries = sorted([*kept, entry], key=lambda held: Version.parse(held.version))
        return RetiredList(tuple(entries), self.unknown)

    def to_text(self) -> str:
        """One line for each version, so that two branches that retire different ones merge."""
        document: dict[str, TomlValue] = {
            "format": FORMAT,
            "retired": {entry.version: _entry_table(entry) for entry in self.entries},
        }
        return dump_document(document | dict(sorted(self.unknown.items())))

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads a list.  Raises IntegrityError."""
        reader = TableReader(load_document(text, "the retired list"), "the retired list")
        reader.take_format(FORMAT)
        table: Table = reader.take_optional("retired", dict) or {}
        entries = [_read_entry(version, value) for version, value in table.items()]
        return cls(tuple(sorted(entries, key=lambda entry: Version.parse(entry.version))), reader.rest)


def _entry_table(entry: RetiredEntry) -> Table:
    table: dict[str, TomlValue] = {
        "when": entry.when.astimezone(UTC).replace(microsecond=0),
        "who": entry.who,
        "reason": entry.reason,
    }
    return table | dict(sorted(entry.unknown.items()))


def _read_entry(version: str, value: TomlValue) -> RetiredEntry:
    what = f"'{version}' of the retired list"
    reader = TableReader(value if isinstance(value, dict) else {}, what)
    when = reader.rest.pop("when", None)
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise IntegrityError(f"{what} has no time")
    try:
        Version.parse(version)
    except InvalidInput as error:
        raise IntegrityError(f"{what} is not a version") from error
    return RetiredEntry(
        version, when, reader.take("who", str), reader.take("reason", str), unknown=reader.rest
    )
