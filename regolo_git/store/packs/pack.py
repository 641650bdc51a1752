"""A pack: chunks one after another, then an index of them, then the length of the index.

A pack is named by the BLAKE3 of all its bytes, and never changes.  The index is canonical JSON.  Nothing that
an index says is trusted: chunks are verified by their names, and what it names is within the pack.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.digests import HEX, blake3_hex
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.recipe import CHUNK_LIMIT, RecipeChunk
from regolo_git.records.tables import check_format
from regolo_git.store.files.contract import Data

FORMAT = 1
RAW = "raw"
MAGIC = b"RGPACK1\n"
TAIL_BYTES = 16  # the length of the index in 8 bytes, little-endian, and the magic
INDEX_LIMIT = 4 << 20
ENCODING_LIMIT = 100
NUMBER_LIMIT = 1 << 53
Read = Callable[[str, memoryview], None]


class Entry(NamedTuple):
    """A chunk of `size` bytes, whose stored form takes `length` bytes from `offset` of the pack."""

    chunk: str
    size: int
    offset: int
    length: int
    encoding: str = RAW

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.offset + self.length

    def decoded(self, stored: Data) -> Data:
        """The bytes of the chunk, not verified.

        Raises NewerFormat for an encoding that this release does not support.
        """
        if self.encoding != RAW:
            raise NewerFormat(
                f"chunk '{self.chunk}' is stored as '{self.encoding}', which this release does not support",
                "pip install --upgrade regolo-git",
            )
        return stored


class Pack(NamedTuple):
    """A pack that can be stored: its name, bytes and entries."""

    name: str
    data: bytearray
    entries: tuple[Entry, ...]


def build_pack(chunks: Sequence[RecipeChunk], read: Read) -> Pack:
    """The pack of some chunks, whose bytes `read(address, view)` fills in."""
    entries, at = [], 0
    for chunk in chunks:
        entries.append(Entry(chunk.blake3, chunk.size, at, chunk.size))
        at += chunk.size
    data = bytearray(at)
    with memoryview(data) as view:
        for entry in entries:
            read(entry.chunk, view[entry.offset : entry.end])
    index = pack_index(entries)
    data += index + len(index).to_bytes(8, "little") + MAGIC
    return Pack(blake3_hex(data), data, tuple(entries))


def pack_index(entries: Iterable[Entry]) -> bytes:
    """The canonical bytes of the index of a pack."""
    return canonical({"entries": [list(entry) for entry in entries], "format": FORMAT})


def index_length(tail: bytes, pack_size: int) -> int:
    """The length of a pack's index, from its last bytes.  Raises IntegrityError."""
    length = int.from_bytes(tail[:8], "little")
    if len(tail) != TAIL_BYTES or tail[8:] != MAGIC or length > min(INDEX_LIMIT, pack_size - TAIL_BYTES):
        raise IntegrityError("a pack does not end as one")
    return length


def parse_index(data: bytes, body: int) -> tuple[Entry, ...]:
    """The entries of a pack with `body` bytes before its index.  Raises IntegrityError."""
    try:
        reader = JsonReader.parse(data, "the index of a pack")
        check_format(reader.get("format", int), FORMAT, reader.what)
        entries = read_entries(reader)
    except InvalidInput as error:
        raise IntegrityError(error.message) from error
    end = 0
    for entry in entries:
        if entry.offset < end or entry.end > body:
            raise IntegrityError("the chunks in the index of a pack overlap or extend past its end")
        end = entry.end
    return entries


def read_entries(reader: JsonReader) -> tuple[Entry, ...]:
    """The list `entries` of a document.  Raises InvalidInput."""
    return tuple(_read_entry(row) for row in reader.rows("entries", 5))


def canonical(document: Json) -> bytes:
    """The canonical bytes of a document: sorted keys, no spaces, a final line feed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def count(reader: JsonReader, key: str | int, limit: int = NUMBER_LIMIT) -> int:
    """A number from 0 to `limit`.  Raises InvalidInput."""
    value = reader.get(key, int)
    if not 0 <= value <= limit:
        raise reader.wrong(key, f"is not between 0 and {limit}")
    return value


def address(reader: JsonReader, key: str | int) -> str:
    """A BLAKE3 in hex.  Raises InvalidInput."""
    text = reader.get(key, str)
    if not HEX.fullmatch(text):
        raise reader.wrong(key, "is not a BLAKE3 in hex")
    return text


def _read_entry(row: JsonReader) -> Entry:
    encoding = row.get(4, str)
    if not 0 < len(encoding) <= ENCODING_LIMIT or not (encoding.isascii() and encoding.isprintable()):
        raise row.wrong(4, "is not the name of an encoding")
    entry = Entry(
        address(row, 0), count(row, 1, CHUNK_LIMIT), count(row, 2), count(row, 3, CHUNK_LIMIT), encoding
    )
    if encoding == RAW and entry.length != entry.size:
        raise row.wrong(3, "is not the size of the chunk")
    return entry
