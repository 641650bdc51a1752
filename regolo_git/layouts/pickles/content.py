"""Content that can be read forward, more than once, and what may be spent on it.

Every length comes from the file and is hostile: reads and skips end at the end of the content.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol


class Broken(Exception):
    """The content is not what it seems to be; the message says why."""


class GivesUp(Broken):
    """This reader stops where a loader may go on: at one of its bounds, or where loaders differ."""


class Ended(Broken):
    """The content ends early."""

    def __init__(self, why: str = "it ends early") -> None:
        super().__init__(why)


@dataclass(slots=True)
class Budget:
    """The bounds of time and memory for one file."""

    opcodes: int = 6_000_000
    text: int = 1 << 28  # bytes of texts that are held because they may be names
    bytes: int = 1 << 30  # decompressed, or read a second time
    members: int = 100_000

    def spend_text(self, count: int) -> None:
        """Raises GivesUp if that is too much."""
        self.text -= count + 64
        if self.text < 0:
            raise GivesUp("it has too many texts")

    def spend_member(self) -> None:
        """Raises GivesUp if that is one too many."""
        self.members -= 1
        if self.members < 0:
            raise GivesUp("it has too many members")

    def spend_bytes(self, count: int) -> None:
        """Raises GivesUp if that is too much."""
        self.bytes -= count
        if self.bytes < 0:
            raise GivesUp("it is too large when decompressed")


class Stream(Protocol):
    """Bytes from a start to an end."""

    def read(self, count: int) -> bytes:
        """The next bytes, at most `count`; fewer only at the end."""
        ...

    def skip(self, count: int) -> None:
        """Skips the next bytes; Ended if there are fewer."""
        ...


class Content(NamedTuple):
    """A part of a file or of an archive; `open` starts over each time.

    `place` is the seekable file that has it, its offset there and its size; None for what is decompressed.
    """

    open: Callable[[], Stream]
    place: tuple[BinaryIO, int, int] | None = None

    def head(self, count: int) -> bytes:
        """The first bytes.  Raises Broken."""
        return self.open().read(count)


class Window:
    """A range of a seekable file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._position, self._end = file, start, start + size

    def read(self, count: int) -> bytes:
        count = min(count, self._end - self._position)
        self._file.seek(self._position)
        data = self._file.read(count) if count > 0 else b""
        self._position += len(data)
        return data

    def skip(self, count: int) -> None:
        if count > self._end - self._position:
            raise Ended
        self._position += count


def window(file: BinaryIO, start: int, size: int) -> Content:
    """A range of a file as content."""
    return Content(lambda: Window(file, start, size), (file, start, size))


class Slice(io.RawIOBase):
    """A range of a seekable file as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size = file, start, size
        self._position = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, count: int = -1) -> bytes:
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(left if count < 0 else min(count, left))
        self._position += len(data)
        return data


def held(data: bytes) -> Content:
    """Bytes in memory as content."""
    return window(io.BytesIO(data), 0, len(data))
