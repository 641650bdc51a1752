"""A proxy for HTTP that counts requests, delays them, and does what networks and servers do on bad days.

    with FaultyProxy(server.endpoint) as proxy:
        proxy.inject("SlowDown", times=2, path="chunks/")
        ... files_at(parse_store_address(url, proxy.url, region)) ...
        assert proxy.count("PUT", "chunks/") == 3

It runs in a thread of this process.  Each request is read whole and passed on unless a fault is due; a fault is
counted for each object by itself (method and path), so that `times=2` means twice for each.
"""

import asyncio
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

# A fault is one of these, or the code of an answer: a number, or a word of S3's such as SlowDown.
RESET = "reset"  # the connection ends instead of an answer
TRUNCATED = "truncated"  # it ends in the middle of the answer
FLIPPED = "flipped"  # a bit of the answer's body is another one
STALL = "stall"  # there is no answer
STALL_IN_BODY = "stall in body"  # half of the answer comes
STALL_IN_UPLOAD = "stall in upload"  # the request is not read to its end
IN_ANSWERS = (TRUNCATED, FLIPPED, STALL_IN_BODY)
CONNECTION_FAULTS = (RESET, TRUNCATED, FLIPPED, STALL, STALL_IN_BODY, STALL_IN_UPLOAD)
_STATUS = {
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "ConditionalRequestConflict": 409,
    "AccessDenied": 403,
    "InvalidAccessKeyId": 403,
    "SignatureDoesNotMatch": 403,
    "RequestTimeTooSkewed": 403,
    "NotImplemented": 501,
    "XMinioStorageFull": 507,
}
FOR_EVER = 1 << 30
_PART = 1 << 18


class Asked(NamedTuple):
    """One request that came, and the status of the server's answer, 0 if there was none."""

    method: str
    path: str
    status: int
    received: int
    sent: int


@dataclass
class Injection:
    """A fault for each object to which a request is made that matches."""

    fault: str
    times: int
    method: str
    path: str
    after: bool
    done: Counter[tuple[str, str]] = field(default_factory=Counter)

    def is_due(self, method: str, path: str, target: str) -> bool:
        """Whether this request meets it; it is counted then."""
        if (
            self.method not in ("", method)
            or self.path not in target
            or self.done[method, path] >= self.times
        ):
            return False
        self.done[method, path] += 1
        return True


class _Message(NamedTuple):
    first: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def head(self, *without: str) -> bytes:
        lines = [
            self.first,
            *(f"{key}: {value}" for key, value in self.headers if key.lower() not in without),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class FaultyProxy:
    """A proxy before the server at a URL, until the block ends."""

    def __init__(self, upstream: str, buffer: int = 1 << 20) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname is not None
        self._upstream = (parts.hostname, parts.port or 80)
        self._buffer = buffer  # bytes that are on their way while a limit holds them up
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._injections: list[Injection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: list[Asked] = []
        self.delay = 0.0  # seconds, added to each request
        self.upload_rate = self.download_rate = 0  # bytes in a second, where there is a limit
        self.hides_missing = False  # says 403 for what is not there, as S3 to those who may not list
        self.without: tuple[str, ...] = ()  # headers that are not passed on, in lower case
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def inject(
        self, fault: str, times: int = FOR_EVER, *, method: str = "", path: str = "", after: bool = False
    ) -> None:
        """Has each object whose path and query contain `path` meet a fault, `times` times.

        With `after`, the server gets the request, and what is wrong is only the answer.
        """
        self._injections.append(Injection(fault, times, method, path, after))

    def clear(self) -> None:
        """No more faults and limits, and nothing counted."""
        self._injections, self.asked, self.delay, self.without = [], [], 0.0, ()
        self.hides_missing = False
        self.upload_rate = self.download_rate = 0

    def count(self, method: str = "", path: str = "", status: int | None = None) -> int:
        """How many requests came, also of those that met a fault; or to how many the server gave this status."""
        return sum(
            method in ("", one.method) and path in one.path and status in (None, one.status)
            for one in list(self.asked)
        )

    def arrived(self, path: str = "") -> Counter[str]:
        """How often each object was stored by the server."""
        return Counter(
            one.path
            for one in list(self.asked)
            if one.method == "PUT" and path in one.path and one.status == 200
        )

    def __enter__(self) -> Self:
        self._thread.start()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
        listener.bind(("127.0.0.1", 0))
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, sock=listener, limit=self._buffer), self._loop
        )
        self._server = started.result(30)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- one connection -----------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            server = await asyncio.open_connection(*self._upstream, limit=1 << 20)
            while await self._one(reader, writer, *server):
                pass
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # as the client or the server has it
        finally:
            self._tasks.discard(task)
            for end in (writer, server[1] if server else None):
                if end is not None:
                    end.close()

    async def _one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> bool:
        """Passes one request and its answer on; False if the connection ended."""
        head = await _read_head(reader)
        if head is None:
            return False
        method, target, _ = head.first.split(" ", 2)
        path = unquote(urlsplit(target).path)
        due = next((one for one in self._injections if one.is_due(method, path, unquote(target))), None)
        if due and due.fault == STALL_IN_UPLOAD:
            self.asked.append(Asked(method, path, 0, 0, 0))
            await asyncio.sleep(3600)
        if "100-continue" in head.header("expect").lower():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self._upload(reader, head)
        if self.delay:
            await asyncio.sleep(self.delay)
        if due and not due.after and due.fault not in IN_ANSWERS:
            self.asked.append(Asked(method, path, 0, len(body), 0))
            return await _fail(writer, due.fault, method)
        to_server.write(head.head("expect", "connection", *self.without) + body)
        await to_server.drain()
        answer = await _read_head(from_server)
        if answer is None:
            return False
        status = int(answer.first.split()[1])
        bodiless = method == "HEAD" or status in (204, 304)
        found = b"" if bodiless else await _read_body(from_server, answer, is_answer=True)
        self.asked.append(Asked(method, path, status, len(body), len(found)))
        fault = due.fault if due and due.after and due.fault not in IN_ANSWERS else ""
        if self.hides_missing and status == 404:
            fault = "AccessDenied"
        if fault:
            return await _fail(writer, fault, method)
        if self.download_rate and found:
            return await self._download(writer, answer, found)
        return await _answer(writer, answer, found, due.fault if due else None)

    async def _upload(self, reader: asyncio.StreamReader, head: _Message) -> bytes:
        left = int(head.header("content-length") or 0)
        if not self.upload_rate or not left:
            return await _read_body(reader, head, is_answer=False)
        found = bytearray()
        while left:
            part = await reader.read(min(left, _PART))
            if not part:
                raise EOFError
            await asyncio.sleep(len(part) / self.upload_rate)
            found += part
            left -= len(part)
        return bytes(found)

    async def _download(self, writer: asyncio.StreamWriter, answer: _Message, body: bytes) -> bool:
        writer.write(answer.head())
        for at in range(0, len(body), _PART):
            writer.write(body[at : at + _PART])
            await writer.drain()
            await asyncio.sleep(_PART / self.download_rate)
        return True


async def _read_head(reader: asyncio.StreamReader) -> _Message | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = text.split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return _Message(first, [(key, value.strip()) for key, _, value in pairs], b"")


async def _read_body(reader: asyncio.StreamReader, head: _Message, *, is_answer: bool) -> bytes:
    """The body as it came, with the sizes of its parts if it is sent in parts."""
    if "chunked" in head.header("transfer-encoding").lower():
        found = bytearray()
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            found += line + await reader.readexactly(size + 2)
            if not size:
                return bytes(found)
    if head.header("content-length"):
        return await reader.readexactly(int(head.header("content-length")))
    return await reader.read() if is_answer else b""


async def _fail(writer: asyncio.StreamWriter, fault: str, method: str) -> bool:
    if fault not in CONNECTION_FAULTS:
        status = int(fault) if fault.isdecimal() else _STATUS.get(fault, 400)
        text = f"<?xml version='1.0'?><Error><Code>{fault}</Code><Message>as told</Message></Error>".encode()
        text = b"" if method == "HEAD" else text
        kind = "Content-Type: application/xml"
        writer.write(f"HTTP/1.1 {status} No\r\n{kind}\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
        return True
    if fault == RESET:
        _reset(writer)
        return False
    await asyncio.sleep(3600)
    return False


async def _answer(writer: asyncio.StreamWriter, answer: _Message, body: bytes, fault: str | None) -> bool:
    if fault == FLIPPED and body:
        middle = len(body) // 2
        body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
    whole = fault not in (TRUNCATED, STALL_IN_BODY)
    writer.write(answer.head() + (body if whole else body[: len(body) // 2]))
    await writer.drain()
    if fault == STALL_IN_BODY:
        await asyncio.sleep(3600)
    return whole and "close" not in answer.header("connection").lower()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection as a router does that has forgotten it."""
    end: socket.socket | None = writer.get_extra_info("socket")
    assert end is not None
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
