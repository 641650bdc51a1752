"""uvicorn's HTTP protocol with patience that ends.

uvicorn bounds how long a connection may idle between requests, but not how long a head may take to arrive nor
how much of a refused body may still come.  Both are bounded here, by the parser's callbacks alone.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A refused body is read and thrown away, because most clients look for the answer only after they have sent
# everything; but not without end.
REFUSED_BYTES = 64 << 20


class PatientProtocol(HttpToolsProtocol):
    """One connection of a client."""

    head_seconds: ClassVar[float]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting: asyncio.TimerHandle | None = None
        self._in_head = True
        self._refused = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected, and is to say what it wants."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; a head that is still incomplete has its time."""
        super().data_received(data)
        if self._in_head and self._waiting is None and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._refused = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._in_head = False
        self._head_is_here()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one that nobody reads any more is counted."""
        if self.cycle.response_complete:
            self._refused += len(body)
            if self._refused > REFUSED_BYTES:
                self.transport.abort()
                return
        super().on_body(body)

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _head_is_here(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def patient_protocol(head_seconds: float) -> type[PatientProtocol]:
    """The protocol with so much patience for a head."""

    class Protocol(PatientProtocol):
        pass

    Protocol.head_seconds = head_seconds
    return Protocol
