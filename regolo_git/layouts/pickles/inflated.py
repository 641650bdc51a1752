"""What compressed content decompresses to; every byte of it counts against the budget."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from regolo_git.layouts.pickles.content import Broken, Budget, Content, Ended, GivesUp, Stream

BLOCK = 1 << 16
STREAM_COST = 1 << 13  # bytes that a stream in a row counts beside what it decompresses to
TOO_LARGE = "emory usage limit"  # in the message of `lzma`


class Inflated:
    """What a stream decompresses to; several compressed streams in a row are one, as `gzip` has it."""

    def __init__(self, stream: Stream, new: Callable[[], Any], budget: Budget, *, repeat: bool) -> None:
        self._stream, self._new, self._budget, self._repeat = stream, new, budget, repeat
        self._inner = new()
        self._ready = bytearray()
        self._over = False
        self.ended = 0  # streams that were read to their ends

    def read(self, count: int) -> bytes:
        """The next bytes; where it breaks, first those before, which a loader gets as well."""
        try:
            while len(self._ready) < count and not self._over:
                self._fill()
        except Broken:
            if not self._ready:
                raise
        data = bytes(self._ready[:count])
        del self._ready[:count]
        return data

    def skip(self, count: int) -> None:
        while count:
            data = self.read(min(count, BLOCK))
            if not data:
                raise Ended
            count -= len(data)

    def _fill(self) -> None:
        try:
            data = self._step()
        except (
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            lzma.LZMAError,
            RuntimeError,
            MemoryError,
        ) as error:
            if isinstance(error, MemoryError) or TOO_LARGE in str(error):
                raise GivesUp("it takes too much memory to decompress it") from error
            raise Broken("it cannot be decompressed") from error
        self._budget.spend_bytes(len(data))
        self._ready += data

    def _step(self) -> bytes:
        inner = self._inner
        if inner.eof:
            self.ended += 1
            rest = self._next_stream(inner.unused_data) if self._repeat else b""
            if not rest:
                self._over = True
                return b""
            self._inner = self._new()
            return self._decompress(rest)
        if hasattr(inner, "needs_input"):
            feed = self._stream.read(BLOCK) if inner.needs_input else b""
            if inner.needs_input and not feed:
                raise Ended
            return bytes(inner.decompress(feed, BLOCK))
        feed = inner.unconsumed_tail or self._stream.read(BLOCK)
        if not feed:
            raise Ended
        return self._decompress(feed)

    def _next_stream(self, rest: bytes) -> bytes:
        """The first bytes of another stream, for `gzip` after any number of zeros; empty at the end."""
        self._budget.spend_bytes(STREAM_COST)
        rest = rest or self._stream.read(BLOCK)
        skipped = False
        while rest and not rest.strip(b"\0"):
            self._budget.spend_bytes(len(rest))
            rest, skipped = self._stream.read(BLOCK), True
        if self._new is new_gzip:
            return rest.lstrip(b"\0")
        if rest and skipped:
            raise GivesUp("it has zeros between its compressed parts")
        return rest

    def _decompress(self, feed: bytes) -> bytes:
        return bytes(self._inner.decompress(feed, BLOCK))


def inflated(content: Content, new: Callable[[], Any], budget: Budget, *, repeat: bool = True) -> Content:
    """What content decompresses to, by a decompressor of the standard library's shape."""
    return Content(lambda: Inflated(content.open(), new, budget, repeat=repeat))


def tried(content: Content, new: Callable[[], Any], budget: Budget, count: int) -> tuple[bool, Broken | None]:
    """Whether a stream of it can be decompressed, and what is wrong in its first `count` bytes.

    Raises GivesUp where a loader may go on.
    """
    ended = 0
    try:
        stream = Inflated(content.open(), new, budget, repeat=new is not new_zlib)
        try:
            while count > 0 and (data := stream.read(min(count, BLOCK))):
                count -= len(data)
        finally:
            ended = stream.ended
    except GivesUp:
        raise
    except Broken as error:
        return ended > 0, error
    return True, None


def new_gzip() -> Any:
    """A decompressor for one member of a gzip file."""
    return zlib.decompressobj(31)


def new_zlib() -> Any:
    """A decompressor for a zlib stream, such as joblib writes."""
    return zlib.decompressobj(15)


def new_deflate() -> Any:
    """A decompressor for the content of a compressed member of a zip file."""
    return zlib.decompressobj(-15)


def new_bz2() -> Any:
    """A decompressor for a bzip2 stream."""
    return bz2.BZ2Decompressor()


def new_lzma() -> Any:
    """A decompressor for an xz or lzma stream; its dictionary is bounded."""
    return lzma.LZMADecompressor(memlimit=1 << 28)


def new_lz4() -> Any:
    """A decompressor for an lz4 frame.  Raises Broken if no library for it is installed."""
    try:
        return import_module("lz4.frame").LZ4FrameDecompressor()
    except ImportError:
        raise Broken("it is compressed by lz4, and the package 'lz4' is not installed") from None
