"""Ports of this machine for servers that are told theirs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port(port: int = 0) -> Iterator[int]:
    """A port that only a server which names it can have; any, unless one is given.

    One that is merely free may be given to another test before the server that is told it has started.
    """
    with socket.socket() as reserved:
        # A server that sets this option too, as all do, shares the port with a socket that does not listen.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", port))
        yield reserved.getsockname()[1]
