"""The members of a tar file, such as PyTorch wrote before 0.2; checked by the checksums of their headers.

Headers are read as Python's `tarfile` reads them.  Where it would look for a member somewhere else than this
module, the file is Broken, because a pickle could be there.
"""

from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.layouts.pickles.content import Broken, Budget, Content, Ended, Stream, window
from regolo_git.layouts.pickles.cursor import Cursor

BLOCK = 512
NO_LIMIT = 1 << 62  # bytes of a part: all that there are
FILES = (b"0", b"\0", b"7")
EMPTY = (b"5", b"1", b"2")  # directories and links
LONG_NAMES = (b"L", b"K")
PAX = (b"x", b"g")  # what is said about the next member, or about all
PAX_LIMIT = 1 << 16  # bytes
PAX_SIZES = (b"size=", b"GNU.sparse.")  # they replace the size of the header


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
        return _number(head[148:156]) in _sums(head)
    except Broken:
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
        member = TarMember(_text(head[:100]), cursor.position, _size(head[124:136]))
        kind = head[156:157]
        if kind == b"\0" and member.path.endswith("/"):
            kind = b"5"  # of old tar files
        if kind in FILES:
            yield member
        elif kind not in (*EMPTY, *LONG_NAMES, *PAX):
            raise Broken("a member of the tar file is of an unknown kind")
        elif kind in EMPTY and member.size:
            raise Broken("a directory or link in the tar file has content")
        blocks = -(-member.size // BLOCK) * BLOCK
        if kind in PAX:  # whose records may go on after their size
            _refuse_other_sizes(cursor.take(min(blocks, PAX_LIMIT + 1)))
        cursor.skip(member.offset + blocks - cursor.position)


def _refuse_other_sizes(said: bytes) -> None:
    if len(said) > PAX_LIMIT or any(key in said for key in PAX_SIZES):
        raise Broken("a member of the tar file has another size than its header")


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


def _sums(head: bytes) -> tuple[int, int]:
    """The checksum of a header, and the one of old programs that used signed bytes."""
    others = head[:148] + head[156:]
    total = sum(others) + 8 * 0x20
    return total, total - 256 * sum(byte > 127 for byte in others)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace")


def _size(field: bytes) -> int:
    size = _number(field)
    if size < 0:
        raise Broken("a size in the tar file is not valid")
    return size


def _number(field: bytes) -> int:
    """A number in octal digits, or in bytes after the first, which is the sign."""
    if field[0] in (0o200, 0o377):
        negative = 1 << 8 * (len(field) - 1) if field[0] == 0o377 else 0
        return int.from_bytes(field[1:], "big") - negative
    try:
        return int(field.partition(b"\0")[0].decode("ascii").strip() or "0", 8)
    except ValueError as error:
        raise Broken("a number in the tar file is not valid") from error
