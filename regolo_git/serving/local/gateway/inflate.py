"""Compressed bodies: inflated within the endpoint's limit, a piece at a time.

The limit is that of the inflated body, so that a few bytes cannot ask for gigabytes; and between the pieces
other requests are answered.
"""

import asyncio
import zlib
from collections.abc import Callable

from regolo_git.serving.local.gateway.headers import Headers, header
from regolo_git.serving.local.gateway.refusal import Refusal, refuse

# The format of each encoding, as zlib calls it.
FORMATS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
SUPPORTED = ((b"accept-encoding", b"gzip, deflate"),)
READ_BYTES = 16 << 10
PIECE_BYTES = 256 << 10
# Some programs write a member for each 64 kB; members of nothing would cost time and never reach the limit.
MOST_MEMBERS = 4096


def format_of(headers: Headers) -> int | None:
    """The format of a body; None if it is not compressed.  Raises Refusal for an unknown encoding."""
    if header(headers, b"content-encoding") is None:
        return None
    values = [value.lower() for name, value in headers if name == b"content-encoding"]
    given = [coding.strip() for coding in b",".join(values).split(b",")]
    codings = [coding for coding in given if coding not in (b"", b"identity")]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in FORMATS:
        shown = b", ".join(codings).decode("latin-1")[:100]
        message = f"content encoding '{shown}' is not supported; gzip and deflate are"
        raise refuse("unsupported_encoding", 415, message, SUPPORTED)
    return FORMATS[codings[0]]


async def inflated(body: bytes, kind: int, limit: int, grow: Callable[[int], None]) -> bytes:
    """The inflated body; `grow` is told its size so far.

    Raises Refusal if it is larger than `limit`, breaks off or is something else, and what `grow` raises.
    """
    parts: list[bytes] = []
    size = 0
    inflater = _Inflater(memoryview(body), kind)
    while (piece := inflater.next()) is not None:
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        grow(size)
        parts.append(piece)
        if len(piece) == PIECE_BYTES:
            await asyncio.sleep(0)
    return b"".join(parts)


class _Inflater:
    """Inflates a body by pieces of bounded size: one stream or, of gzip, several members."""

    def __init__(self, body: memoryview, kind: int) -> None:
        self._body = body
        self._kind = kind
        self._at = 0
        self._members = 1
        self._stream = zlib.decompressobj(kind)

    def next(self) -> bytes | None:
        """The next piece, which may be empty; None at the end.  Raises Refusal."""
        if self._stream.eof:
            if self._at == len(self._body):
                return None
            self._next_member()
        given = self._body[self._at : self._at + READ_BYTES]
        try:
            piece = self._stream.decompress(given, PIECE_BYTES)
        except zlib.error as error:
            raise _bad() from error
        self._at += len(given) - len(self._stream.unconsumed_tail) - len(self._stream.unused_data)
        if not piece and not given and not self._stream.eof:
            raise _bad()
        return piece

    def _next_member(self) -> None:
        self._members += 1
        if self._kind != FORMATS[b"gzip"] or self._members > MOST_MEMBERS:
            raise _bad()
        self._stream = zlib.decompressobj(self._kind)


def _bad() -> Refusal:
    return refuse("bad_encoding", 400, "the body breaks off or is not what its content encoding says")


def too_large(limit: int) -> Refusal:
    """The refusal of a body beyond the endpoint's limit."""
    message = f"the body is larger than {limit} bytes, which is 'max_body_bytes' of the endpoint"
    return refuse("body_too_large", 413, message)
