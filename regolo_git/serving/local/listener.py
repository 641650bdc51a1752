"""The listening socket that the supervisor owns and hands to each gateway."""

import socket
from ipaddress import ip_address

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.hints import Hint

BACKLOG = 2048
# A client that reads nothing of its answer for this long is considered gone.
STUCK_MILLISECONDS = 30_000


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[::1]:PORT` or `PORT`.  Raises InvalidInput."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise InvalidInput(
            f"'{text}' is not of the form HOST:PORT", Hint("serve", "--listen", "127.0.0.1:8080")
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, with the options that accepted connections inherit.

    Raises ServingError if the address is in use, InvalidInput if it is not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise InvalidInput(f"'{host}' is not an address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Without this, each answer on a kept connection waits 40 ms for an acknowledgement: a server that
        # inherits a descriptor does not know that it is TCP and does not set the option.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MILLISECONDS)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ServingError(
            f"cannot listen on '{host}:{port}': {error.strerror}",
            Hint("serve", "--listen", "127.0.0.1:0"),
        ) from error
    listener.set_inheritable(True)
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL that the socket is reached by."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
