"""Reading headers that may lie: every length is checked against the file and a budget before it is used."""

import struct
from typing import BinaryIO

from regolo_git.layouts.items import Malformed


class BoundedReader:
    """Reads forward from where it stands, at most `budget` bytes and never past `size`, else Malformed."""

    def __init__(self, file: BinaryIO, *, size: int, budget: int, byte_order: str = "<") -> None:
        self._file = file
        self._position = file.tell()
        self._end = min(size, self._position + budget)
        self._order = byte_order

    @property
    def position(self) -> int:
        """Bytes from the start of the file."""
        return self._position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._advance(count)
        data = self._file.read(count)
        if len(data) != count:
            raise Malformed  # shorter than its size said: it is being changed
        return data

    def skip(self, count: int) -> None:
        """Leaves out the next `count` bytes."""
        self._advance(count)
        self._file.seek(count, 1)

    def _advance(self, count: int) -> None:
        if count > self._end - self._position:
            raise Malformed
        self._position += count

    def u32(self) -> int:
        """An unsigned integer of four bytes."""
        return int(struct.unpack(self._order + "I", self.take(4))[0])

    def u64(self) -> int:
        """An unsigned integer of eight bytes."""
        return int(struct.unpack(self._order + "Q", self.take(8))[0])


def read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    """Exactly `count` bytes at `offset`; Malformed where the file has fewer."""
    file.seek(offset)
    data = file.read(count)
    if len(data) != count:
        raise Malformed
    return data


def text_of(data: bytes) -> str:
    """UTF-8 text; Malformed where it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed from error


def count_of(value: object) -> int:
    """A whole number from 0 to 2^63 - 1 as JSON has it; Malformed for anything else (`True` too)."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise Malformed
    return value


def product(shape: tuple[int, ...]) -> int:
    """How many elements a shape has; Malformed over 2^63, and bounded before it is multiplied out."""
    total = 1
    for length in shape:
        total *= length
        if total >= 1 << 63:
            raise Malformed
    return total
