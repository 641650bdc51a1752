"""uvicorn's HTTP protocol with bounds that it lacks, through the parser's callbacks alone.

uvicorn bounds how long a connection may idle between requests, but not how long a head may take to arrive,
how large it may grow, nor how much of a refused body may still arrive; and a connection that sends anything
between requests is never closed again.  It also loses the body of a request that offers an upgrade.

Measured with uvicorn 0.54: a head of 50 MB is held whole by its own protocol (memory grows from 29 to 81 MB)
and refused here after 64 kB.  Its other protocol, h11, bounds a head as well, and answers a fifth as many
requests (an echo application, 16 connections); this one answers as many as uvicorn's (median of 25 paired
ratios: 1.0).
"""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from regolo_git.serving.local.gateway.one_write import OneWrite

# Ample for cookies and tokens; a head is held whole, and each piece of a long value costs a copy of it.
HEAD_BYTES = 64 << 10
# A refused body is read and discarded, because most clients read the answer only after they have sent
# everything; but only up to this size.
REFUSED_BYTES = 64 << 20
# A client discards this answer, which may come any number of times before the final one.
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FIRST_PROBE_SECONDS = 0.001
LONGEST_PROBE_SECONDS = 5.0
# For this long after it has closed its sending side, a client has probably left.
DOUBT_SECONDS = 0.06
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class PatientProtocol(HttpToolsProtocol):
    """One connection of a client."""

    head_seconds: ClassVar[float]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head = self._piece = 0
        self._refused = 0
        self.is_gone = False
        self._doubtful_until = 0.0
        self._when_gone: Callable[[], object] | None = None

    def when_gone(self, act: Callable[[], object] | None) -> None:
        """Has `act` called when the client hangs up, or at once if it has; None calls nothing any more."""
        self._when_gone = act
        if act is not None and self.is_gone:
            act()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected; it must send a head in time."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has disconnected."""
        self._head_arrived()
        super().connection_lost(exc)
        self.is_gone = True
        if self._when_gone is not None:
            self._when_gone()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more: it has left, or it still waits for the answer to its whole request."""
        cycle = self.cycle
        if cycle is not None and cycle.response_started and cycle.chunked_encoding:
            # In the middle of a stream nothing can be written to find out, and pieces may be far apart.
            return False
        waits = cycle is not None and not cycle.more_body and not cycle.response_complete
        if not waits or self.scope.get("http_version") == "1.0":
            return False
        cycle.keep_alive = False
        self._doubtful_until = self.loop.time() + DOUBT_SECONDS
        self._probe(FIRST_PROBE_SECONDS)
        return True

    @property
    def has_whole_body(self) -> bool:
        """Whether the body of the request under way has arrived."""
        # With others behind it, the newest request is another one.
        return not self.pipeline and not self.cycle.more_body

    @property
    def is_doubtful(self) -> bool:
        """Whether the client may have left, which will be known in a moment."""
        return self._doubtful_until > 0.0 and self.loop.time() < self._doubtful_until

    def _probe(self, seconds: float) -> None:
        """Writes to a client that may have left: then its system answers that, and the next write fails."""
        if not self.transport.is_closing() and not self.cycle.response_started:
            self.transport.write(CONTINUE)
            self.loop.call_later(seconds, self._probe, min(2 * seconds, LONGEST_PROBE_SECONDS))

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived; an incomplete head has a time limit."""
        was_in_head, self._piece = self._in_head, len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            if self._head > HEAD_BYTES:
                self._refuse_head()
            else:
                self.send_400_response("Invalid HTTP request received.")
            return
        if self.transport.is_closing():
            return
        if self._in_head:
            self._still_in_head(len(data) if was_in_head else 0)
        elif self.cycle.response_complete and self.timeout_keep_alive_task is None:
            # The end of a refused body, or bytes between requests that start none.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """A request starts."""
        self._in_head = True
        self._head = self._refused = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._in_head = False
        self._head_arrived()
        if self._head + self._piece > HEAD_BYTES:
            # The head may have ended in the piece that made it too large.
            self._head = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if self._head > HEAD_BYTES:
                raise httptools.HttpParserError("too large")
        if not self._offers_upgrade():
            self.scope["state"]["connection"] = self
            super().on_headers_complete()
            if self.parser.get_method() == b"POST":
                # Not for HEAD, whose answers have no body.
                self.cycle.transport = OneWrite(self.cycle, self.transport)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one that is discarded is counted."""
        if self.cycle.response_complete:
            self._refused += len(body)
            if self._refused > REFUSED_BYTES:
                self.transport.abort()
                return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if not self._offers_upgrade():
            super().on_message_complete()
            if not self.pipeline:
                # A large body has paused it; nobody would notice that the client hangs up.
                self.flow.resume_reading()

    # -- upgrades -----------------------------------------------------------------------------------------

    def _offers_upgrade(self) -> bool:
        # CONNECT cannot be declined; it has no path, so it fails where the path is read.
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _without_upgrade(self, rest: bytes) -> None:
        """Parses a request again without its offer, which declines the upgrade.

        Some clients offer HTTP/2 with every request.  The parser treats such a head as the end of HTTP, so
        the body would be lost, or parsed as the next request if it arrives in another piece.
        """
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self._http_version())]
        for name, value in self.headers:
            if name == b"connection":
                value = _without_token(value)  # noqa: PLW2901
            if name != b"upgrade":
                lines.append(b"%s: %s" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join((*lines, b"", rest)))

    def _http_version(self) -> bytes:
        return self.parser.get_http_version().encode("ascii")

    # -- incomplete heads ---------------------------------------------------------------------------------

    def _still_in_head(self, more: int) -> None:
        self._head += more
        if self._head > HEAD_BYTES:
            self._refuse_head()
        elif self._waiting is None:
            self._await_head()

    def _refuse_head(self) -> None:
        self.transport.write(HEAD_TOO_LARGE)
        self.transport.close()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _head_arrived(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _without_token(connection: bytes) -> bytes:
    tokens = (token.strip() for token in connection.split(b","))
    return b", ".join(token for token in tokens if token.lower() != b"upgrade")


def patient_protocol(head_seconds: float) -> type[PatientProtocol]:
    """The protocol with a time limit for a head."""

    class Protocol(PatientProtocol):
        pass

    Protocol.head_seconds = head_seconds
    return Protocol
