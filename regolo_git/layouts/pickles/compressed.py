"""How compressed content begins, as Python's own readers and joblib recognize it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from regolo_git.layouts.pickles import inflated as inflate
from regolo_git.layouts.pickles.content import Content, Stream
from regolo_git.layouts.pickles.tar import NO_LIMIT, part

OLD_JOBLIB = b"ZF"
OLD_JOBLIB_HEAD = 21  # bytes, the length of what follows among them; Python 2 wrote a blank more
LZMA_HEAD = 13
DICTIONARY_LIMIT = 1 << 27
MAGICS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", inflate.new_gzip),
    (b"BZh", inflate.new_bz2),
    (b"\xfd7zXZ\0", inflate.new_lzma),
    (b"LZIP", inflate.new_lzma),
    (b"\x04\x22\x4d\x18", inflate.new_lz4),
)
JOBLIB_LZMA = b"\x5d\0"  # the usual properties of a format that has no magic
UNKNOWN_SIZE = b"\xff" * 8
PROPERTIES = 225  # of lzma: how many there are
LZMA_NAMES = (".xz", ".lzma", ".lz")


class Compressed(NamedTuple):
    """Content that a decompressor takes; unless it is `certain`, other content may begin like that."""

    content: Content
    new: Callable[[], Any]
    certain: bool


def compressed(content: Content, head: bytes, name: str) -> Iterator[Compressed]:
    """What some content may be, by its first bytes and by its name."""
    for magic, new in MAGICS:
        if head.startswith(magic):
            yield Compressed(content, new, certain=True)
    if head.startswith(OLD_JOBLIB):
        blank = head[OLD_JOBLIB_HEAD : OLD_JOBLIB_HEAD + 1] == b" "
        inner = part(content, OLD_JOBLIB_HEAD + blank, NO_LIMIT)
        yield Compressed(inner, inflate.new_zlib, certain=False)
    if _begins_like_zlib(head):
        yield Compressed(content, inflate.new_zlib, certain=False)
    if _begins_like_lzma(head, name):
        yield Compressed(_with_small_dictionary(content, head), inflate.new_lzma, certain=False)


def _begins_like_zlib(head: bytes) -> bool:
    """Whether the first two bytes are those of a zlib stream, by RFC 1950, without a preset dictionary."""
    if len(head) < 2 or head[0] & 15 != 8 or head[0] >> 4 > 7:
        return False
    return not head[1] & 0x20 and int.from_bytes(head[:2], "big") % 31 == 0


def _begins_like_lzma(head: bytes, name: str) -> bool:
    """Whether content is in the old format of lzma, which has no magic: by its usual head, or its name."""
    if len(head) <= LZMA_HEAD or head[0] >= PROPERTIES:
        return False
    usual = head.startswith(JOBLIB_LZMA) or head[5:LZMA_HEAD] == UNKNOWN_SIZE
    return usual or name.lower().endswith(LZMA_NAMES)


def _with_small_dictionary(content: Content, head: bytes) -> Content:
    """The same with a dictionary of bounded size, which is enough for as much as is read of it."""
    size = min(int.from_bytes(head[1:5], "little"), DICTIONARY_LIMIT)
    start = head[:1] + size.to_bytes(4, "little") + head[5:LZMA_HEAD]
    return Content(lambda: _Behind(start, part(content, LZMA_HEAD, NO_LIMIT).open()))


class _Behind:
    """A stream after some bytes."""

    def __init__(self, start: bytes, stream: Stream) -> None:
        self._start, self._stream = start, stream

    def read(self, count: int) -> bytes:
        if not self._start:
            return self._stream.read(count)
        data, self._start = self._start[:count], self._start[count:]
        return data + self._stream.read(count - len(data))

    def skip(self, count: int) -> None:
        self._start, inside = self._start[count:], min(count, len(self._start))
        self._stream.skip(count - inside)
