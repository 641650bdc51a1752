"""Reading a request's whole body within limits: its size, its time, and the total of all bodies.

The whole body, because a request may be sent again, and a worker must not wait for a slow client.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive

from regolo_git.serving.local.gateway.headers import Headers, header
from regolo_git.serving.local.gateway.refusal import refuse

SMALL = 64 << 10


class BodyReader:
    """Reads bodies, and limits the memory of large ones."""

    def __init__(self, *, most_held: int, seconds: float) -> None:
        self._most_held = most_held
        self._seconds = seconds
        self._held = 0

    async def read(self, headers: Headers, receive: Receive, limit: int) -> bytes:
        """The body.  Raises Refusal if it is too large or too slow, or if the client has left."""
        announced = header(headers, b"content-length")
        if announced is not None and int(announced) > limit:
            raise too_large(limit)
        try:
            async with asyncio.timeout(self._seconds):
                message = await receive()
                body: bytes = message.get("body", b"")
                if not message.get("more_body") and message["type"] == "http.request" and len(body) <= limit:
                    return body
                return await self._rest(message["type"], body, receive, limit)
        except TimeoutError:
            raise refuse("slow_client", 408, f"the body took longer than {self._seconds:g} seconds") from None

    async def _rest(self, kind: str, first: bytes, receive: Receive, limit: int) -> bytes:
        parts, size, more = [first], len(first), True
        while more and kind == "http.request" and size <= limit:
            message = await receive()
            kind, more = message["type"], message.get("more_body", False)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
        if kind != "http.request":
            raise refuse("disconnected", 400, "the client left before the body was complete")
        return b"".join(parts)

    @contextmanager
    def holding(self, headers: Headers, limit: int) -> Iterator[None]:
        """Counts a body while it is read and forwarded.  Raises Refusal if the total would be too large."""
        announced = header(headers, b"content-length")
        size = int(announced) if announced is not None else limit
        size = min(size, limit) if size > SMALL else 0
        if size and self._held and self._held + size > self._most_held:
            raise refuse("overloaded", 503, "too many large requests are under way")
        self._held += size
        try:
            yield
        finally:
            self._held -= size


def too_large(limit: int) -> Exception:
    """The refusal of a body beyond the endpoint's limit."""
    return refuse("body_too_large", 413, f"the body is larger than {limit} bytes")
