"""HTTP by hand, for requests that no client library would send."""

import socket

from support.running_engine import PATIENCE_SECONDS, RunningEngine


def begin_request(engine: RunningEngine, path: str, body: bytes) -> socket.socket:
    """Sends the head of a request and the first byte of its body."""
    connection = socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connection.sendall(head + body[:1])
    return connection


def everything_from(connection: socket.socket) -> bytes:
    """What comes until the other end hangs up."""
    return b"".join(iter(lambda: connection.recv(4000), b""))
