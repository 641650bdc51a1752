"""The members of a tar file, such as PyTorch wrote before 0.2; checked by the sums of their headers."""

from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.layouts.pickles.content import Broken, Budget, Content, Ended, Stream, window
from regolo_git.layouts.pickles.cursor import Cursor

BLOCK = 512
FILES = (b"0", b"\0", b"7")
OTHERS = (b"5", b"1", b"2", b"L", b"K", b"x", b"g")  # directories, links, and headers about the next member


class TarMember(NamedTuple):
    """A file in a tar file: its path, and where its content begins."""

    path: str
    offset: int
    size: int


def is_tar(head: bytes) -> bool:
    """Whether the first 512 bytes are the header of a member."""
    if len(head) < BLOCK or not head.strip(b"\0"):
        return False
    try:
        return _sum(head) == int(head[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False


def members(content: Content, budget: Budget) -> Iterator[TarMember]:
    """The files, in their order.  Raises Broken."""
    cursor = Cursor(content.open())
    while not cursor.at_end():
        head = cursor.take(BLOCK)
        if not head.strip(b"\0"):
            return
        if not is_tar(head):
            raise Broken("a header of the tar file is not valid")
        budget.spend_member()
        size = _number(head[124:136])
        kind = head[156:157]
        if kind in FILES:
            yield TarMember(_text(head[:100]), cursor.position, size)
        elif kind not in OTHERS:
            raise Broken("a member of the tar file is of an unknown kind")
        cursor.skip(-(-size // BLOCK) * BLOCK)


def part(content: Content, offset: int, size: int) -> Content:
    """A range of some content."""
    if content.place is not None:
        file, start, whole = content.place
        return window(file, start + offset, min(size, whole - offset))
    return Content(lambda: _Part(content.open(), offset, size))


class _Part:
    def __init__(self, stream: Stream, offset: int, size: int) -> None:
        stream.skip(offset)
        self._stream, self._left = stream, size

    def read(self, count: int) -> bytes:
        data = self._stream.read(min(count, self._left))
        self._left -= len(data)
        return data

    def skip(self, count: int) -> None:
        if count > self._left:
            raise Ended
        self._stream.skip(count)
        self._left -= count


def _sum(head: bytes) -> int:
    return sum(head[:148]) + 8 * 0x20 + sum(head[156:])


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace")


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ((1 << 88) - 1)
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise Broken("a size in the tar file is not valid") from error
