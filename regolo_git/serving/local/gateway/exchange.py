"""A request to a worker and its answer, whether `worker_client.py` or `server_client.py` carries it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

Header = tuple[bytes, bytes]


class NoAnswer(Exception):
    """A worker that did not answer, or not to the end."""


class Unreachable(NoAnswer):
    """A worker that accepted no connection; it has seen nothing of the request."""


class WorkerAnswer(Protocol):
    """An answer whose head has arrived; its body is read once, or the answer is closed."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Sequence[Header]:
        """Its headers; their names are in lower case."""
        ...

    async def read(self) -> bytes:
        """The whole body.  Raises NoAnswer if it does not arrive."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives.  Raises NoAnswer if its end does not."""
        ...

    def close(self) -> None:
        """Ends the exchange; the connection is closed if there is more to come."""
        ...


class Client(Protocol):
    """The connections to one worker."""

    async def post(self, path: str, body: bytes, headers: Sequence[Header]) -> WorkerAnswer:
        """Sends a request and waits for the head of its answer.  Raises NoAnswer."""
        ...

    async def get(self, path: str) -> WorkerAnswer:
        """Requests a page.  Raises NoAnswer."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
