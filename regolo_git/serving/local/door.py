"""The local engine's door: `serve` runs it, in the foreground, until it is told to stop.

The command line calls this.  What it needs of a registry comes in as a `Source`; starlette, uvicorn and the
others are imported by the modules behind this one, after it has been seen that they are there.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.serving.dependencies import require_serve_extra
from regolo_git.serving.desired import Source
from regolo_git.serving.local.options import ServeOptions
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

if TYPE_CHECKING:
    from regolo_git.serving.local.supervisor.admin import AdminServer
    from regolo_git.serving.local.supervisor.supervisor import Supervisor

BACKLOG = 2048
# A client that takes nothing of its answer for so long is gone.
STUCK_MILLISECONDS = 30_000


def serve(
    source: Source,
    endpoints: Sequence[str],
    options: ServeOptions,
    *,
    say: Callable[[str], None],
    listening: Callable[[str], None] = lambda _: None,
) -> None:
    """Serves endpoints (all of the branch where none is named) until SIGTERM, SIGINT or the admin says stop.

    `say` is told what changes, in a line; `listening` gets the address once requests are taken.  SIGHUP
    replaces the gateway.  Raises MissingDependency, InvalidInput, NotFound, ServingError where the address or
    the registry is taken, and what the source raises at the first look.
    """
    require_serve_extra()
    host, port = parse_listen(options.listen)
    if options.token is None and not is_loopback(host):
        raise InvalidInput(
            f"'{options.listen}' can be reached from elsewhere, so a token is needed",
            "git regolo serve --token-file FILE",
        )
    if options.token is not None and not options.token.strip():
        raise InvalidInput("the token is empty, so anybody would know it", "openssl rand -hex 32 > FILE")
    directory = RuntimeDirectory.of(options.common_directory)
    directory.prepare()
    lock = directory.lock()
    try:
        # What an engine that was killed has left.
        directory.clear_up()
        directory.prepare()
        with listen(host, port) as listener:
            asyncio.run(_run(source, endpoints, options, listener, say, listening))
    finally:
        directory.clear_up()
        os.close(lock)


async def _run(
    source: Source,
    endpoints: Sequence[str],
    options: ServeOptions,
    listener: socket.socket,
    say: Callable[[str], None],
    listening: Callable[[str], None],
) -> None:
    # Behind the check above, so that a missing library has our words.
    from regolo_git.serving.local.supervisor.admin import admin_server, listen_for_admin  # noqa: PLC0415
    from regolo_git.serving.local.supervisor.supervisor import Supervisor  # noqa: PLC0415

    address = _address(listener)
    engine = Supervisor(source, endpoints, options, listener, say)
    admin = admin_server(engine)
    socket_ = listen_for_admin(RuntimeDirectory.of(options.common_directory))
    serving = asyncio.create_task(admin.serve(sockets=[socket_]))
    announcing = asyncio.create_task(_announce(engine, address, listening))
    try:
        await engine.run()
    finally:
        announcing.cancel()
        await _end(admin, serving)


async def _announce(engine: "Supervisor", address: str, listening: Callable[[str], None]) -> None:
    while not engine.gateways.running:
        await asyncio.sleep(0.01)
    listening(address)


async def _end(admin: "AdminServer", serving: asyncio.Task[None]) -> None:
    admin.should_exit = True
    await serving


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[::1]:PORT` or `PORT`.  Raises InvalidInput."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise InvalidInput(f"'{text}' does not read HOST:PORT", "git regolo serve --listen 127.0.0.1:8080")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, with what accepted connections inherit from it.

    Raises ServingError where the address is taken, InvalidInput where it is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise InvalidInput(f"'{host}' is no address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Without this, each answer on a kept connection waits 40 ms for an acknowledgement: a server that is
        # handed a descriptor does not know that it is TCP and leaves the option alone.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MILLISECONDS)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ServingError(
            f"'{host}:{port}' cannot be listened on: {error.strerror}",
            "git regolo serve --listen 127.0.0.1:0",
        ) from error
    listener.set_inheritable(True)
    listener.setblocking(False)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
