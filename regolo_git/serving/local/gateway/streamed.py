"""An answer that is sent on as it arrives: one without a length, or one that is too large to hold.

An answer without a length is a stream, which may be of any size and take any time: its worker is held until
it ends, and the caller gets its head at once.  Of a large answer the worker is free once the head is there.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.types import Send

from regolo_git.serving.local.gateway.exchange import Header, NoAnswer, WorkerAnswer
from regolo_git.serving.local.gateway.upstream import Upstream


class NoMore(NoAnswer):
    """A worker of whose answer no further piece came in time."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """The answer of a worker whose head has arrived; `send` or `drop` must be called, once."""

    response: WorkerAnswer
    headers: list[Header]
    upstream: Upstream
    is_stream: bool

    @property
    def status(self) -> int:
        return self.response.status

    async def send(self, send: Send, *, piece_seconds: float, send_seconds: float) -> None:
        """Sends the pieces; the next one is read once the caller has taken the one before.

        Raises NoMore if a piece takes longer than `piece_seconds` to come, NoAnswer if the worker breaks off,
        TimeoutError if the caller takes longer than `send_seconds` for a piece.
        """
        is_whole = False
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            if self.is_stream:
                # The head waits for the first piece otherwise (`one_write.py`).
                await send({"type": "http.response.body", "body": b"", "more_body": True})
            pieces = self.response.pieces()
            while (piece := await _next(pieces, piece_seconds)) is not None:
                async with asyncio.timeout(send_seconds):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            is_whole = True
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._end(is_whole=is_whole)

    def drop(self) -> None:
        """Ends it without a caller: what was to come does not matter."""
        self._end(is_whole=False)

    def _end(self, *, is_whole: bool) -> None:
        self.response.close()
        if self.is_stream:
            self.upstream.end_stream(is_whole=is_whole)
        else:
            self.upstream.answering -= 1


async def _next(pieces: AsyncIterator[bytes], seconds: float) -> bytes | None:
    try:
        async with asyncio.timeout(seconds):
            return await anext(pieces, None)
    except TimeoutError:
        raise NoMore(f"nothing came for {seconds:g} seconds") from None
