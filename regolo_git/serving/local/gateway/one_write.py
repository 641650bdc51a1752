"""An answer's head and the first piece of its body in one write.

uvicorn writes them one after the other, and uvloop passes each to the system at once: that is a second system
call, and a second packet for which the client wakes up again.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class OneWrite:
    """The transport of one request's answer, which must have a body; it may be empty."""

    __slots__ = ("_cycle", "_head", "_transport")

    def __init__(self, cycle: RequestResponseCycle, transport: asyncio.Transport) -> None:
        self._cycle = cycle
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Writes what precedes the head, and what follows it; the head itself with what follows."""
        if not self._cycle.response_started:
            self._transport.write(data)
        elif self._head is None:
            self._head = data
        elif self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Closes the connection; a head without a body is written, so that the client sees the break."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._transport.is_closing()
