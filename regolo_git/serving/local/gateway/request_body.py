"""Reading a request's whole body within limits: its size, its time, and the total of all bodies.

The whole body, because a request may be sent again, and a worker must not wait for a slow client.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive

from regolo_git.serving.local.gateway.headers import Headers, header
from regolo_git.serving.local.gateway.inflate import format_of, inflated, too_large
from regolo_git.serving.local.gateway.refusal import refuse

SMALL = 64 << 10


class BodyReader:
    """Reads bodies, and limits the memory of large ones."""

    def __init__(self, *, most_held: int, seconds: float) -> None:
        self.most_held = most_held
        self.held = 0
        self._seconds = seconds

    async def read(
        self,
        headers: Headers,
        receive: Receive,
        limit: int,
        holding: "Holding | None" = None,
        *,
        is_here: bool = False,
    ) -> bytes:
        """The body, inflated if it is compressed; nothing has to be waited for if it `is_here`.

        Raises Refusal if it is too large or too slow, if the client has left, or for an unknown encoding.
        """
        kind, holding = format_of(headers), holding or Holding(self)
        body = await self._received(headers, receive, limit, holding, is_here=is_here)
        if kind is None:
            return body
        return await inflated(body, kind, limit, holding.grow)

    async def _received(
        self, headers: Headers, receive: Receive, limit: int, holding: "Holding", *, is_here: bool
    ) -> bytes:
        announced = header(headers, b"content-length")
        if announced is not None and int(announced) > limit:
            raise too_large(limit)
        if is_here:
            return await self._all(receive, limit, holding)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._all(receive, limit, holding)
        except TimeoutError:
            raise refuse("slow_client", 408, f"the body took longer than {self._seconds:g} seconds") from None

    async def _all(self, receive: Receive, limit: int, holding: "Holding") -> bytes:
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body") and message["type"] == "http.request" and len(body) <= limit:
            holding.grow(len(body))
            return body
        return await self._rest(message["type"], body, receive, limit, holding)

    async def _rest(self, kind: str, first: bytes, receive: Receive, limit: int, holding: "Holding") -> bytes:
        parts, size, more = [first], len(first), True
        holding.grow(min(size, limit))
        while more and kind == "http.request" and size <= limit:
            message = await receive()
            kind, more = message["type"], message.get("more_body", False)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            holding.grow(min(size, limit))
        if size > limit:
            raise too_large(limit)
        if kind != "http.request":
            raise refuse("disconnected", 400, "the client left before the body was complete")
        return b"".join(parts)

    @contextmanager
    def holding(self, headers: Headers, limit: int) -> Iterator["Holding"]:
        """Counts a body while it is read and forwarded, as much of it as has arrived.

        What a client announces and does not send takes no memory, so it must not keep others out.  Raises
        Refusal if there is no room for what is announced.
        """
        announced = header(headers, b"content-length")
        held = Holding(self)
        held.check(min(int(announced) if announced is not None else 0, limit))
        try:
            yield held
        finally:
            self.held -= held.size


class Holding:
    """The memory that one body counts for; small ones count for nothing."""

    __slots__ = ("_reader", "size")

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self.size = 0

    def check(self, size: int) -> None:
        """Raises Refusal if `size` bytes and all other bodies would be too much."""
        others = self._reader.held - self.size
        if size > SMALL and others and others + size > self._reader.most_held:
            raise refuse("overloaded", 503, "too many large requests are under way")

    def grow(self, size: int) -> None:
        """Counts for `size` bytes if that is more.  Raises Refusal if all together would be too much."""
        if size > SMALL and size > self.size:
            self.check(size)
            self._reader.held += size - self.size
            self.size = size
