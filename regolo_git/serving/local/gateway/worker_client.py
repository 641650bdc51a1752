"""The gateway's connections to a worker of ours: HTTP/1.1 over its unix socket, one request at a time.

A worker is a known peer, so this client does without redirects, cookies, proxies and TLS; the parser is the
one that reads the gateway's callers.  Of the gateway's CPU time for an echo request, aiohttp took half.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

import httptools

from regolo_git.serving.local.gateway.exchange import Header, NoAnswer, Unreachable

# The gateway closes an idle connection long before a worker would.
IDLE_SECONDS = 60.0
CONNECT_SECONDS = 5.0
# A body that is not read is not received beyond this.
MOST_UNREAD = 256 << 10
# Up to this size it is cheaper to copy a body behind its head than to write two pieces.
SMALL_BODY = 16 << 10


class WorkerClient:
    """A pool of connections; the one that was used last is used next."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: deque[_Connection] = deque()
        self._open: set[_Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    async def post(self, path: str, body: bytes, headers: Sequence[Header]) -> "WorkerAnswer":
        """Sends a request and waits for the head of its answer.  Raises NoAnswer."""
        lines = [b"POST %s HTTP/1.1\r\nhost: worker\r\ncontent-length: %d\r\n" % (path.encode(), len(body))]
        lines += [b"%s: %s\r\n" % header for header in headers]
        lines.append(b"\r\n")
        return await self._ask(b"".join(lines), body)

    async def get(self, path: str) -> "WorkerAnswer":
        """Requests a page.  Raises NoAnswer."""
        return await self._ask(b"GET %s HTTP/1.1\r\nhost: worker\r\n\r\n" % path.encode(), b"")

    async def close(self) -> None:
        """Closes every connection."""
        for connection in list(self._open):
            connection.abort()
        if self._sweeping is not None:
            self._sweeping.cancel()

    async def _ask(self, head: bytes, body: bytes) -> "WorkerAnswer":
        connection = self._idle.pop() if self._idle else await self._connected()
        try:
            return await connection.send(head, body)
        except asyncio.CancelledError:
            connection.abort()
            raise

    async def _connected(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_unix_connection(lambda: _Connection(self), self._path)
        except OSError as error:  # TimeoutError is one
            raise Unreachable(type(error).__name__) from error
        return connection

    # -- called by its connections --------------------------------------------------------------------------

    def opened(self, connection: "_Connection") -> None:
        """Notes a connection."""
        self._open.add(connection)

    def lost(self, connection: "_Connection") -> None:
        """Forgets a connection that is closed, or about to be."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def idle(self, connection: "_Connection") -> None:
        """Keeps a connection for the next request."""
        self._idle.append(connection)
        if self._sweeping is None:
            self._sweeping = connection.loop.call_later(IDLE_SECONDS, self._sweep, connection.loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = None
        now = loop.time()
        while self._idle and now - self._idle[0].idle_since >= IDLE_SECONDS:
            self._idle.popleft().abort()
        if self._idle:
            rest = IDLE_SECONDS - (now - self._idle[0].idle_since)
            self._sweeping = loop.call_later(rest, self._sweep, loop)


class WorkerAnswer:
    """An answer whose head has arrived, and what has arrived of its body."""

    __slots__ = ("_connection", "_parts", "_unread", "_waiter", "headers", "is_broken", "is_whole", "status")

    def __init__(self, connection: "_Connection") -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.is_whole = False
        self.is_broken = False
        self._connection = connection
        self._parts: deque[bytes] = deque()
        self._unread = 0
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """The whole body.  Raises NoAnswer if it does not arrive."""
        if self.is_whole and len(self._parts) == 1:
            return self._parts.pop()
        try:
            return b"".join([piece async for piece in self.pieces()])
        except BaseException:
            self.close()
            raise

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives.  Raises NoAnswer if its end does not."""
        while True:
            if self._parts:
                piece = self._parts.popleft()
                self._unread -= len(piece)
                yield piece
            elif self.is_whole:
                return
            elif self.is_broken:
                raise NoAnswer("the answer broke off")
            else:
                await self._more()

    async def _more(self) -> None:
        self._connection.resume()
        self._waiter = self._connection.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def close(self) -> None:
        """Ends the exchange; the connection is closed if there is more to come."""
        if not self.is_whole:
            self._connection.abort()

    # -- called by its connection ---------------------------------------------------------------------------

    def add(self, piece: bytes) -> bool:
        """Takes a piece of the body; returns whether too much of it is unread."""
        self._parts.append(piece)
        self._unread += len(piece)
        self.wake()
        return self._unread > MOST_UNREAD

    def wake(self) -> None:
        """Has the reader look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Connection(asyncio.Protocol):
    """One connection; the names of most methods are the event loop's and the parser's."""

    def __init__(self, client: WorkerClient) -> None:
        self.loop = asyncio.get_running_loop()
        self.idle_since = 0.0
        self._client = client
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: WorkerAnswer | None = None
        self._head: asyncio.Future[WorkerAnswer] | None = None
        self._is_paused = False

    def send(self, head: bytes, body: bytes) -> "asyncio.Future[WorkerAnswer]":
        """Sends a request; the result is the answer once its head is there, or NoAnswer."""
        self._answer = WorkerAnswer(self)
        answered = self._head = self.loop.create_future()
        if self._transport is None or self._transport.is_closing():
            self._broke("the worker has closed the connection")
        elif len(body) <= SMALL_BODY:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        return answered

    def abort(self) -> None:
        """Closes the connection at once; it may be among the idle ones, if its answer has just arrived."""
        self._client.lost(self)
        if self._transport is not None:
            self._transport.abort()

    def resume(self) -> None:
        """Receives more of the answer."""
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()

    # -- the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._client.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._broke("the answer is not HTTP")
            self.abort()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._client.lost(self)
        self._broke("the worker closed the connection")

    def _broke(self, why: str) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(NoAnswer(why))
        elif self._answer is not None:
            self._answer.is_broken = True
            self._answer.wake()
        self._head = self._answer = None

    # -- the parser -----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._answer is not None:
            self._answer.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._answer is None or self._head is None or self._head.done():
            # Nothing was asked: whatever this is, it must not become the answer to the next request.
            self.abort()
            return
        self._answer.status = self._parser.get_status_code()
        self._head.set_result(self._answer)

    def on_body(self, body: bytes) -> None:
        if self._answer is not None and self._answer.add(body) and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        answer, self._answer, self._head = self._answer, None, None
        if answer is None:
            return
        answer.is_whole = True
        answer.wake()
        self.resume()
        if self._parser.should_keep_alive():
            self.idle_since = self.loop.time()
            self._client.idle(self)
        else:
            self.abort()
