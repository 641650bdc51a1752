"""HTTP/1.1 as a worker speaks it: to gateways of ours and to the supervisor, on its unix socket.

A general server runs a task for each request and writes each answer in two pieces; a model that is a function
needs neither.  Limits of size and time are the gateway's: its callers get nowhere else.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

import httptools

from regolo_git.serving.local.http_answer import HttpAnswer, error_answer

STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
# Up to this size it is cheaper to copy a body behind its head than to write two pieces.
SMALL_BODY = 16 << 10


@dataclass(slots=True)
class Request:
    """A whole request; the names of its headers are in lower case."""

    method: str = ""
    path: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Streamed(Protocol):
    """An answer in pieces."""

    @property
    def media_type(self) -> bytes:
        """Its type."""
        ...

    @property
    def pieces(self) -> AsyncGenerator[bytes]:
        """What is sent, as it is there; it may raise anything."""
        ...


class Requests(Protocol):
    """What becomes of the requests of all connections."""

    def opened(self, connection: "WorkerConnection") -> None:
        """Notes a connection."""
        ...

    def arrived(self, connection: "WorkerConnection", request: Request) -> None:
        """Takes a whole request, whose answer the connection waits for."""
        ...

    def lost(self, connection: "WorkerConnection") -> None:
        """Forgets a connection."""
        ...


class WorkerConnection(asyncio.Protocol):
    """One connection; the names of most methods are the event loop's and the parser's."""

    def __init__(self, requests: Requests) -> None:
        self.is_gone = False
        self._requests = requests
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._url = b""
        self._body: list[bytes] = []
        # From the first byte of a request to its answer; whole, and not yet passed on; passed on.
        self._is_busy = self._is_whole = self._is_asked = False
        self._is_last = False
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None

    # -- answers ------------------------------------------------------------------------------------------

    def answer(self, answer: HttpAnswer) -> None:
        """Answers the request under way."""
        if self._transport is None:
            return
        lines = [
            STATUS_LINES[answer.status],
            b"content-type: %s\r\ncontent-length: %d\r\n" % (answer.media_type, len(answer.body)),
            *(b"%s: %s\r\n" % header for header in answer.headers),
            b"connection: close\r\n\r\n" if self._is_last else b"\r\n",
        ]
        if len(answer.body) <= SMALL_BODY:
            self._transport.write(b"".join((*lines, answer.body)))
        else:
            self._transport.writelines((b"".join(lines), answer.body))
        self._is_busy = self._is_asked = False
        if self._is_last:
            self._transport.close()

    def answer_later(
        self, answer: Coroutine[object, object, HttpAnswer | Streamed], ended: Callable[[], object] = bool
    ) -> None:
        """Answers the request under way when a coroutine ends, which is cancelled if the caller leaves.

        `ended` is called in the end, whatever happens.
        """

        async def wait() -> None:
            try:
                given = await answer
            except asyncio.CancelledError:
                self.answer(error_answer(500, "INTERNAL_ERROR", "the model cancelled its own answer"))
                raise
            if isinstance(given, HttpAnswer):
                self.answer(given)
            else:
                await self._stream(given)

        self._task = asyncio.get_running_loop().create_task(wait())
        self._task.add_done_callback(lambda _: ended())

    async def _stream(self, answer: Streamed) -> None:
        """Sends pieces as the gateway takes them; a model that fails breaks the connection off."""
        rest = b"cache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n"
        head = STATUS_LINES[200] + b"content-type: %s\r\n" % answer.media_type + rest
        pieces = answer.pieces
        try:
            async for piece in pieces:
                self._write(head + b"%x\r\n%s\r\n" % (len(piece), piece))
                head = b""
                if self._writable is not None:
                    await self._writable.wait()
        except BaseException as error:
            if self._transport is not None:
                self._transport.abort()
            if not isinstance(error, asyncio.CancelledError) or not self.is_gone:
                traceback.print_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            self._write(head + b"0\r\n\r\n")
            self._is_busy = self._is_asked = False
            if self._is_last and self._transport is not None:
                self._transport.close()
        finally:
            await pieces.aclose()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def retire(self) -> None:
        """Closes the connection, once its request is answered."""
        self._is_last = True
        if not self._is_busy and self._transport is not None:
            self._transport.close()

    # -- the event loop -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._requests.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse()
            return
        if self._is_whole:
            # Not inside the parser, which would call back before it is done.
            self._is_whole, self._is_asked = False, True
            request, self._request = self._request, Request()
            self._requests.arrived(self, request)

    def _refuse(self) -> None:
        """Ends a connection that does not speak HTTP, or sends a request before the answer to the last."""
        self._is_last = True
        if not self._is_asked:
            self.answer(error_answer(400, "BAD_REQUEST", "the request is not HTTP"))
        elif self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def connection_lost(self, _: Exception | None) -> None:
        self.is_gone = True
        self._transport = None
        if self._task is not None:
            self._task.cancel()
        self._requests.lost(self)

    # -- the parser ---------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._is_busy:
            raise httptools.HttpParserError("a request before the answer to the last")
        self._is_busy = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._request.method = self._parser.get_method().decode("ascii")
        self._request.path = self._url.partition(b"?")[0].decode("latin-1")
        self._url = b""

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        self._is_last = self._is_last or not self._parser.should_keep_alive()
        self._is_whole = True


def header_values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Every value of a header, by its lower-case name."""
    return [value for found, value in headers if found == name]
