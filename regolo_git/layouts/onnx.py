"""The files beside an ONNX model that hold its weights ("external data"), from its protobuf.

Only what can contain a tensor is entered, and of that only what mentions a location; everything else is
skipped by its length.  The file's own tensors are not looked at: ONNX is cut by content.
"""

import io
from collections.abc import Mapping
from typing import BinaryIO

from regolo_git.layouts.items import Cut, Malformed

FIELDS_LIMIT = 1 << 18
NESTING_LIMIT = 32
WINDOW = 1 << 16  # a shorter message is read whole, and entered only if it mentions a location
MENTION = b"location"
START = b"\x08"  # every model starts with its version of the format

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
ENTRY = "entry"
# message: the numbers of its fields that can contain a tensor, with their messages
FIELDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: ENTRY},
}


def external_data(file: BinaryIO, size: int) -> dict[str, int]:
    """The locations that a model names, each with the bytes that its file needs at least.

    Raises Malformed for anything but an ONNX model, Cut if the file is shorter than its own lengths say.
    """
    file.seek(0)
    if file.read(1) != START:
        raise Malformed
    file.seek(0)
    walk = _Walk()
    walk.message(file, 0, size, "model", depth=0)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self._left = FIELDS_LIMIT

    def message(self, file: BinaryIO, at: int, end: int, kind: str, *, depth: int) -> None:
        """Reads the fields of a message from `at` to `end` of a file, which is at `at`."""
        if depth > NESTING_LIMIT:
            raise Malformed
        entries: dict[bytes, bytes] = {}
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise Malformed
            key, at = varint(file, at)
            if key & 7 != LENGTH:
                at = skip_scalar(file, at, key & 7)
                continue
            length, at = varint(file, at)
            if at + length > end:
                raise Cut(at + length) if kind == "model" else Malformed
            self._field(file, at, length, FIELDS[kind].get(key >> 3, ""), entries, depth=depth)
            at += length
            file.seek(at)
        if at > end:
            raise Malformed
        self._add(entries)

    def _field(
        self,
        file: BinaryIO,
        at: int,
        length: int,
        kind: str,
        entries: dict[bytes, bytes],
        *,
        depth: int,
    ) -> None:
        if kind == ENTRY:
            if length <= WINDOW:
                entries.update([_entry(_read(file, length))])
        elif kind:
            if length > WINDOW:
                self.message(file, at, at + length, kind, depth=depth + 1)
            elif MENTION in (content := _read(file, length)):
                self.message(io.BytesIO(content), 0, length, kind, depth=depth + 1)

    def _add(self, entries: Mapping[bytes, bytes]) -> None:
        if MENTION not in entries:
            return
        location = entries[MENTION].decode("utf-8", "replace")
        end = _number(entries.get(b"offset", b"")) + _number(entries.get(b"length", b""))
        self.found[location] = max(end, self.found.get(location, 0))


def _entry(content: bytes) -> tuple[bytes, bytes]:
    """The key and the value of a `StringStringEntryProto`."""
    file, at, parts = io.BytesIO(content), 0, {1: b"", 2: b""}
    while at < len(content):
        key, at = varint(file, at)
        length, at = varint(file, at)
        if key & 7 != LENGTH or at + length > len(content):
            raise Malformed
        parts[key >> 3] = file.read(length)
        at += length
    return parts[1], parts[2]


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 20 else 0


def varint(file: BinaryIO, at: int) -> tuple[int, int]:
    """An integer, and the position after it."""
    value = shift = 0
    while shift < 64:
        byte = file.read(1)
        if not byte:
            raise Cut(None)
        at += 1
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value, at
        shift += 7
    raise Malformed


def skip_scalar(file: BinaryIO, at: int, wire: int) -> int:
    if wire == VARINT:
        return varint(file, at)[1]
    if wire not in (FIXED64, FIXED32):
        raise Malformed
    at += 8 if wire == FIXED64 else 4
    file.seek(at)
    return at


def _read(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) != length:
        raise Malformed
    return content
