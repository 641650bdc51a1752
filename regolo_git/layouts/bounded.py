"""Reads untrusted headers: every length is checked against the file size and a budget before it is used."""

import struct
from typing import BinaryIO

from regolo_git.layouts.items import Cut, Malformed

BLOCK = 1 << 16


class BoundedReader:
    """Reads forward from the current position; Malformed after `budget` bytes, Cut past `size`."""

    def __init__(self, file: BinaryIO, *, size: int, budget: int, byte_order: str = "<") -> None:
        self._file = file
        self._position = file.tell()
        self._end = min(size, self._position + budget)
        self._size = size
        self._order = byte_order

    @property
    def position(self) -> int:
        """The offset from the start of the file, in bytes."""
        return self._position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._advance(count)
        data = self._file.read(count)
        if len(data) != count:
            raise Malformed  # shorter than `size`: the file is changing
        return data

    def skip(self, count: int) -> None:
        """Skips the next `count` bytes."""
        self._advance(count)
        self._file.seek(count, 1)

    def _advance(self, count: int) -> None:
        if count > self._end - self._position:
            raise self._overrun()
        self._position += count

    def _overrun(self) -> Malformed:
        return Malformed() if self._end < self._size else Cut(None)

    def skip_texts(self, count: int) -> None:
        """Skips strings, each after its length in eight bytes; in blocks, which is much faster."""
        length_at = struct.Struct(self._order + "Q").unpack_from
        start, at, block = self._position, 0, b""
        for _ in range(count):
            if at + 8 > len(block):
                start, at = start + at, 0
                if start + 8 > self._end:
                    raise self._overrun()
                block = read_at(self._file, start, min(BLOCK, self._end - start))
            at += 8 + length_at(block, at)[0]
        if start + at > self._end:
            raise self._overrun()
        self._position = start + at
        self._file.seek(self._position)

    def u16(self) -> int:
        """The next two bytes as an unsigned integer."""
        return int(struct.unpack(self._order + "H", self.take(2))[0])

    def u32(self) -> int:
        """The next four bytes as an unsigned integer."""
        return int(struct.unpack(self._order + "I", self.take(4))[0])

    def u64(self) -> int:
        """The next eight bytes as an unsigned integer."""
        return int(struct.unpack(self._order + "Q", self.take(8))[0])


def read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    """Exactly `count` bytes at `offset`; Malformed if the file has fewer."""
    file.seek(offset)
    data = file.read(count)
    if len(data) != count:
        raise Malformed
    return data


def text_of(data: bytes) -> str:
    """Decodes UTF-8; Malformed if the bytes are not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed from error


def count_of(value: object) -> int:
    """A JSON integer from 0 to 2^63 - 1; Malformed for anything else (`True` too)."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise Malformed
    return value


def product(shape: tuple[int, ...]) -> int:
    """The number of elements in a shape; Malformed from 2^63, checked at every step so it stays bounded."""
    total = 1
    for length in shape:
        total *= length
        if total >= 1 << 63:
            raise Malformed
    return total
