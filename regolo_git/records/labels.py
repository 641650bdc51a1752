"""The labels of versions, `approved=yes`: put on after a version was created, in one file of the model.

A label is of the version with its digest, so it never counts for other bytes.  A version has one value for
each name; two changes of one label to different values are a conflict.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue, dump_document, inline_text
from regolo_git.records.versions import Version
from regolo_git.text.printable import printable

FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
NAME_LENGTH, VALUE_LENGTH = 63, 200
NAME_RULE = f"use at most {NAME_LENGTH} letters, digits, '.', '_', '-' and '/', as in approved=yes"


class LabelKey(NamedTuple):
    """What a label is on: a version, by its identity and digest, and the label's name."""

    identity: str
    digest: Digest
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the version with this digest, when (with a zone) and by whom it was given its value."""

    version: str
    digest: Digest
    name: str
    value: str
    when: datetime
    who: str
    unknown: Table = field(default_factory=dict)

    @property
    def key(self) -> LabelKey:
        """What it is on."""
        return LabelKey(Version.parse(self.version).identity, self.digest, self.name)

    def to_table(self) -> Table:
        """The values in their order."""
        table: dict[str, TomlValue] = {
            "version": self.version,
            "digest": str(self.digest),
            "name": self.name,
            "value": self.value,
            "when": self.when.astimezone(UTC).replace(microsecond=0),
            "who": self.who,
        }
        return table | dict(sorted(self.unknown.items()))


def check_label_name(name: str) -> str:
    """Returns the name of a label.  Raises InvalidInput."""
    if len(name) > NAME_LENGTH or not NAME.fullmatch(name):
        raise InvalidInput(f"label name '{printable(name[:NAME_LENGTH])}' cannot be used", NAME_RULE)
    return name


def check_label_value(name: str, value: str) -> str:
    """Returns the value of a label: one line of text.  Raises InvalidInput."""
    if not value.strip():
        raise InvalidInput(f"label '{printable(name)}' has no value", "give it one, as in approved=yes")
    if len(value) > VALUE_LENGTH:
        raise InvalidInput(f"the value of label '{printable(name)}' is longer than {VALUE_LENGTH} characters")
    if not value.isprintable():
        raise InvalidInput(f"the value of label '{printable(name)}' is not one line of printable text")
    return value


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a model's versions, sorted by version, digest and name."""

    entries: tuple[Label, ...] = ()
    unknown: Table = field(default_factory=dict)

    @property
    def by_key(self) -> dict[LabelKey, Label]:
        """Each label by what it is on."""
        return {entry.key: entry for entry in self.entries}

    def of(self, version: str, digest: Digest) -> dict[str, Label]:
        """The labels of a version with these bytes, by name."""
        identity = Version.parse(version).identity
        return {entry.name: entry for entry in self.entries if entry.key[:2] == (identity, digest)}

    def with_entries(self, entries: Iterable[Label]) -> "Labels":
        """The record with these labels instead; of several with one key, the newest."""
        found: dict[LabelKey, Label] = {}
        for entry in entries:
            held = found.get(entry.key)
            if held is None or _age(held) <= _age(entry):
                found[entry.key] = entry
        ordered = sorted(found.values(), key=_place)
        return replace(self, entries=tuple(ordered))

    def renumbered(self, names: Mapping[tuple[str, Digest], str]) -> "Labels":
        """The labels with new numbers for versions, by the identities and digests that they had."""
        return self.with_entries(
            replace(entry, version=names.get(entry.key[:2], entry.version)) for entry in self.entries
        )

    def to_text(self) -> str:
        """One line for each label."""
        document: dict[str, TomlValue] = {"format": FORMAT}
        if self.entries:
            document["labels"] = [entry.to_table() for entry in self.entries]
        return dump_document(document | dict(sorted(self.unknown.items())), "the labels")

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parses the labels of a model.  Raises IntegrityError."""
        reader = TableReader.of_document(text, "the record of labels", newest=FORMAT)
        lines = reader.take_optional("labels", list) or []
        entries = [_read(line, reader.what, number) for number, line in enumerate(lines, 1)]
        return cls(Labels().with_entries(entries).entries, reader.rest)


def joined(base: Labels, ours: Labels, theirs: Labels) -> Labels | None:
    """The labels after two changes; None if both changed one label, or what is unknown here, differently."""
    before, mine, other = base.by_key, ours.by_key, theirs.by_key
    kept: list[Label] = []
    for key in {**mine, **other}:
        was, a, b = before.get(key), mine.get(key), other.get(key)
        if _value(a) == _value(b):
            kept += [each for each in (a, b) if each is not None]
        elif _value(a) == _value(was):
            kept += [b] if b is not None else []
        elif _value(b) == _value(was):
            kept += [a] if a is not None else []
        else:
            return None
    unknown = theirs.unknown if ours.unknown == base.unknown else ours.unknown
    if theirs.unknown not in (base.unknown, unknown):
        return None
    return Labels((), unknown).with_entries(kept)


def _value(label: Label | None) -> tuple[str, Table] | None:
    return (label.value, label.unknown) if label is not None else None


def _place(label: Label) -> tuple[Version, str, str]:
    return Version.parse(label.version), str(label.digest), label.name


def _age(label: Label) -> tuple[datetime, str]:
    return label.when, inline_text(label.to_table())


def _read(line: TomlValue, what: str, number: int) -> Label:
    reader = TableReader(line if isinstance(line, dict) else {}, what, f"labels {number}")
    when = reader.rest.pop("when", None)
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise IntegrityError(f"{reader.what} has no 'when' with a time zone")
    try:
        version, name = reader.take("version", str), check_label_name(reader.take("name", str))
        Version.parse(version)
        return Label(
            version,
            Digest.parse(reader.take("digest", str)),
            name,
            check_label_value(name, reader.take("value", str)),
            when,
            reader.take("who", str),
            reader.rest,
        )
    except InvalidInput as error:
        raise IntegrityError(f"{error.message}, in {reader.what}", error.hint) from error
