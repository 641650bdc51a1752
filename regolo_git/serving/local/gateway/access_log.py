"""The access log of `serve --verbose`: a line on standard error for each request, once it has ended.

    time  caller  method  path  status  endpoint@version  seconds  bytes  request

Fields are separated by a space and have none.  A path is as it was sent, without its query, which may hold
secrets.  A thread of its own writes, so a terminal that is held up or closed holds up no request: lines that
nobody reads in time are dropped, and then counted in a line.
"""

import os
import queue
import re
import secrets
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regolo_git.serving.local.gateway.headers import Headers, header

STANDARD_ERROR = 2
MOST_WAITING = 10_000
LONGEST_PATH = 300
# A write of so many bytes to a pipe is not interleaved with those of others.
WRITE_BYTES = 4096
END_SECONDS = 1.0
RETRY_SECONDS = 0.05
REQUEST = b"x-request-id"
# An identifier of somebody else's that is one field.
IDENTIFIER = re.compile(rb"[!-~]{1,100}")
UNSAFE = re.compile(rb"[^!-~]")


class AccessLog:
    """Writes lines to a descriptor, in the order in which they come."""

    def __init__(self, output: int = STANDARD_ERROR) -> None:
        self._output = output
        self._lines: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._dropped = self._said = 0
        self._thread = threading.Thread(target=self._copy, name="access log", daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Writes a line, without its end, as soon as possible; never waits."""
        try:
            self._lines.put_nowait(line + b"\n")
        except queue.Full:
            self._dropped += 1

    def end(self) -> None:
        """Waits until everything is written, unless that takes too long."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
            self._thread.join(END_SECONDS)

    def _copy(self) -> None:
        while (line := self._lines.get()) is not None:
            text, dropped = line, self._dropped - self._said
            while len(text) < WRITE_BYTES // 2 and not self._lines.empty():
                following = self._lines.get()
                if following is None:
                    self._write(text)
                    return
                text += following
            if dropped:
                self._said += dropped
                text += b"- - %d requests have no line: what was written was not read in time\n" % dropped
            self._write(text)

    def _write(self, text: bytes) -> None:
        # A closed terminal or a full disk must not stop the serving.
        with suppress(OSError):
            while text:
                try:
                    text = text[os.write(self._output, text) :]
                except BlockingIOError:
                    time.sleep(RETRY_SECONDS)


class Logged:
    """An application with a line for each of its requests, each of which has an identifier."""

    def __init__(self, application: ASGIApp, log: AccessLog) -> None:
        self._application = application
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = _Logged(scope, send)
        try:
            await self._application(scope, receive, request.send)
        finally:
            self._log.add(request.line())


class _Logged:
    """One request: what it says of itself, and what its answer is so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._begun = time.perf_counter()
        self._status, self._version, self._bytes, self._is_whole = 0, b"", 0, False
        given = header(scope["headers"], REQUEST)
        self._identifier = given if given is not None and IDENTIFIER.fullmatch(given) else _identifier()
        if given is not self._identifier:
            rest = [header for header in scope["headers"] if header[0] != REQUEST]
            scope["headers"] = [*rest, (REQUEST, self._identifier)]

    async def send(self, message: Message) -> None:
        """Sends a part of the answer; its head has the request's identifier."""
        if message["type"] == "http.response.start":
            headers: Headers = message["headers"]
            self._status, self._version = message["status"], header(headers, b"x-model-version") or b""
            rest = [header for header in headers if header[0] != REQUEST]
            message = {**message, "headers": [*rest, (REQUEST, self._identifier)]}
        else:
            self._bytes += len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
        await self._send(message)

    def line(self) -> bytes:
        """What is known in the end; a status of an answer that is not whole has a `+`, none is `-`."""
        scope = self._scope
        path = UNSAFE.sub(b"?", scope.get("raw_path", b"").partition(b"?")[0][:LONGEST_PATH]) or b"-"
        endpoint = scope.get("served", "").encode()
        fields = (
            datetime.now(UTC).isoformat(timespec="milliseconds")[:-6].encode() + b"Z",
            (scope.get("client") or ("-",))[0].encode(),
            scope["method"].encode(),
            path,
            b"%d%s" % (self._status, b"" if self._is_whole else b"+") if self._status else b"-",
            UNSAFE.sub(b"?", b"%s@%s" % (endpoint, self._version)) if endpoint and self._version else b"-",
            b"%.4f" % (time.perf_counter() - self._begun),
            b"%d" % self._bytes,
            self._identifier,
        )
        return b" ".join(fields)


def _identifier() -> bytes:
    return secrets.token_hex(8).encode()
