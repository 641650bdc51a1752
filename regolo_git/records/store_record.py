"""Records in a shared store: what each clone is about to use, and what it keeps.

Cleaning deletes what no record needs.  A record is canonical JSON under a name that has its kind:

    20261127T091500123456Z-0f3c1d2e4b5a6978.intent.json

An `intent` names the recipes that a push is about to rely on or to write; it counts until a `done` of the
same name settles it.  A `kept` names recipes that the registry needs, in addition to those of other records.
An `all` names all of them, and the records of the same clone that it replaces.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, Self, get_args

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import HEX
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.tables import check_format

FORMAT = 1
BYTES_LIMIT = 256 << 20
Kind = Literal["intent", "kept", "all", "done"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WHAT = "a record of a store"
_NAME = re.compile(rf"([0-9]{{8}}T[0-9]{{12}}Z-[0-9a-f]{{16}})\.({'|'.join(KINDS)})\.json")
_ID = re.compile(r"[0-9a-z]{8,64}")
HOST_LENGTH = 255


@dataclass(frozen=True, slots=True)
class RecordName:
    """The name of a record: time and random digits, and the kind."""

    stem: str
    kind: Kind

    @classmethod
    def new(cls, kind: Kind, now: datetime, digits: str) -> Self:
        """The name with 16 random hex digits.  Its time is for people: ages are those of the files."""
        return cls(f"{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{digits}", kind)

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The parts of a file's name; None for a file that is not a record of this format."""
        found = _NAME.fullmatch(name)
        return cls(found[1], next(kind for kind in KINDS if kind == found[2])) if found else None

    def settled(self) -> "RecordName":
        """The name of the record that settles this intent."""
        return RecordName(self.stem, "done")

    def __str__(self) -> str:
        return f"{self.stem}.{self.kind}.json"


@dataclass(frozen=True, slots=True)
class StoreRecord:
    """One record.  `recipes` are addresses in hex, sorted; `replaces` and `kept` are names of records.

    `registry`, `clone` and `host` say whose it is.  A `done` has the name of the record that keeps what its
    intent was about: a reader that lacks that record has listed the records while they changed.  It has
    none if the push was given up.
    """

    kind: Kind
    registry: str
    clone: str
    host: str
    recipes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    kept: str | None = None

    def to_bytes(self) -> bytes:
        """The canonical bytes of the record."""
        document: dict[str, object] = {
            "clone": self.clone,
            "format": FORMAT,
            "host": self.host,
            "kind": self.kind,
            "registry": self.registry,
        }
        if self.kind == "done":
            document["kept"] = self.kept
        else:
            document["recipes"] = list(self.recipes)
        if self.kind == "all":
            document["replaces"] = list(self.replaces)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"{text}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads a record.  Raises IntegrityError, NewerFormat."""
        if len(data) > BYTES_LIMIT:
            raise IntegrityError(f"{WHAT} is too large")
        try:
            record = cls._read(JsonReader.parse(data, WHAT))
        except InvalidInput as error:
            raise IntegrityError(error.message) from error
        if record.to_bytes() != data:
            raise IntegrityError(f"{WHAT} is not in its canonical form")
        return record

    @classmethod
    def _read(cls, reader: JsonReader) -> Self:
        check_format(reader.get("format", int), FORMAT, WHAT)
        kind = reader.get("kind", str)
        if kind not in KINDS:
            raise reader.wrong("kind", "is not one of " + ", ".join(KINDS))
        for key in ("registry", "clone"):
            if not _ID.fullmatch(reader.get(key, str)):
                raise reader.wrong(key, "is not an id")
        host = reader.get("host", str)
        if len(host) > HOST_LENGTH or not host.isprintable():
            raise reader.wrong("host", "is not the name of a host")
        return cls(
            kind,
            reader.get("registry", str),
            reader.get("clone", str),
            host,
            () if kind == "done" else _ascending(reader, "recipes", HEX),
            _ascending(reader, "replaces", _NAME) if kind == "all" else (),
            _name_of_kept(reader) if kind == "done" else None,
        )


def sorted_recipes(addresses: Iterable[str]) -> tuple[str, ...]:
    """Recipes as a record has them: sorted, each once."""
    return tuple(sorted(set(addresses)))


def _ascending(reader: JsonReader, key: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    values = tuple(reader.list_of(key, str))
    if any(first >= second for first, second in pairwise(values)):
        raise reader.wrong(key, "is not sorted")
    if not all(map(pattern.fullmatch, values)):
        raise reader.wrong(key, "has a name that is not one")
    return values


def _name_of_kept(reader: JsonReader) -> str | None:
    text = reader.get_optional("kept", str)
    if text is None:
        return None
    name = RecordName.parse(text)
    if name is None or name.kind not in ("kept", "all"):
        raise reader.wrong("kept", "is not the name of a record that keeps recipes")
    return str(name)
