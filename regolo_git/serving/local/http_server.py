"""uvicorn without its signal handlers: an engine's processes decide for themselves when they end.

SIGTERM and SIGINT are for the supervisor alone.  systemd sends SIGTERM to every process of a service at once,
while requests are under way; the supervisor lets them finish and then ends the others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class HttpServer(uvicorn.Server):
    """A server that ends when `should_exit` is set."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures nothing."""
        yield
