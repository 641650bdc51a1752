"""The gateway's process: a child of the supervisor, with the listening socket and a channel to it.

It only answers the supervisor's messages (`gateway_messages.py`).  After `retire` it accepts no new
connections, answers `Connection: close` on the open ones, and exits when they are closed; its last report has
the counts of its last requests.
"""

import asyncio
import resource
import signal
import socket
import sys
import time
from typing import Self

import uvicorn
import uvloop
from starlette.types import ASGIApp

import regolo_git
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.channel import Channel
from regolo_git.serving.local.child_process import die_with, freeze_gc
from regolo_git.serving.local.gateway.access_log import AccessLog, Logged
from regolo_git.serving.local.gateway.application import Gateway
from regolo_git.serving.local.gateway.http_protocol import patient_protocol
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.pages import Pages
from regolo_git.serving.local.gateway_messages import GatewayReport, GatewayStart
from regolo_git.serving.local.http_server import HttpServer
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.routing_table import RoutingTable

LOOK_SECONDS = 0.05


class GatewayServer:
    """uvicorn with the gateway as its application, controlled by the supervisor."""

    def __init__(self, gateway: Gateway, limits: GatewayLimits, log: AccessLog | None) -> None:
        self._gateway = gateway
        self._limits = limits
        self._log = log
        self._server = HttpServer(_config(Logged(gateway, log) if log is not None else gateway, limits))
        self._tasks: list[asyncio.Task[None]] = []
        self._drained = False

    @classmethod
    async def start(cls, listener: socket.socket, start: GatewayStart) -> Self:
        """Starts to accept connections, with the first table in use."""
        table = LiveTable()
        await table.swap(start.table)
        gateway = Gateway(table, start.limits, start.access)
        pages = Pages(gateway, start.admin_socket, start.access, regolo_git.__version__)
        gateway.pages = pages.application()
        process = cls(gateway, start.limits, AccessLog() if start.access_log else None)
        process._tasks.append(asyncio.create_task(process._server.serve(sockets=[listener])))
        while not process._server.started:
            await asyncio.sleep(0.005)
        return process

    async def follow(self, channel: Channel) -> None:
        """Answers the supervisor until it disconnects or the drained gateway has sent its last report."""
        answer = await self._report()
        while not answer.is_done:
            await channel.send(answer.to_json())
            message = await channel.receive()
            if message is None:
                return
            answer = await self._do(message)
        await channel.send(answer.to_json())

    async def end(self) -> None:
        """Closes all connections."""
        self._server.should_exit = True
        await asyncio.gather(*self._tasks)
        await self._gateway.shadows.end()
        await self._gateway.table.close()
        if self._log is not None:
            self._log.end()

    async def _do(self, message: dict[str, Json]) -> GatewayReport:
        reader = JsonReader.of(message, "the supervisor's message")
        match reader.get("do", str):
            case "table":
                await self._gateway.table.swap(RoutingTable.read(reader.object("table")))
            case "retire":
                self._retire(reader.get("seconds", float))
        return await self._report()

    async def _report(self) -> GatewayReport:
        # Read first: no request can end between this and the last counts.
        is_done, table = self._drained, self._gateway.table
        await table.close_unused()
        counts = self._gateway.take_counts()
        return GatewayReport(counts, table.in_flight, table.using, self._connections, is_done)

    def _retire(self, seconds: float) -> None:
        if self._gateway.retiring:
            return
        self._gateway.retiring = True
        for server in self._server.servers:
            server.close()
        self._tasks.append(asyncio.create_task(self._drain(seconds)))

    @property
    def _connections(self) -> int:
        return len(self._server.server_state.connections)

    async def _drain(self, seconds: float) -> None:
        """Waits until every connection is closed: idle ones soon, busy ones within `seconds`."""
        begun = time.monotonic()
        while self._connections and (waited := time.monotonic() - begun) <= seconds:
            if waited > self._limits.idle_grace_seconds:
                # Closed before the last counts, so that no request can arrive that would not be counted.
                for connection in list(self._server.server_state.connections):
                    connection.shutdown()
            await asyncio.sleep(LOOK_SECONDS)
        await self._cut()
        # No caller is left, and the last counts are to have every copy.
        await self._gateway.shadows.end()
        self._drained = True

    async def _cut(self) -> None:
        """Breaks off what is still under way, such as a stream, before the last counts, which have it."""
        self._gateway.is_cutting = True
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        while self._connections:
            await asyncio.sleep(LOOK_SECONDS)


def _config(application: ASGIApp, limits: GatewayLimits) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        interface="asgi3",
        http=patient_protocol(limits.head_seconds),
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=5,
    )


def _allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _run(listener: int, channel_fd: int) -> None:
    channel = await Channel.on(socket.socket(fileno=channel_fd))
    # The first message only asks whether the process is up, which takes longer than the rest.
    if await channel.receive() is None:
        return
    await channel.send({})
    message = await channel.receive()
    if message is None:
        return
    start = GatewayStart.read(JsonReader.of(message, "the supervisor's message"))
    process = await GatewayServer.start(socket.socket(fileno=listener), start)
    freeze_gc()
    await process.follow(channel)
    await process.end()


def main() -> None:
    """Runs a gateway; the arguments are the parent's process and the descriptors of listener and channel."""
    parent, listener, channel_fd = (int(argument) for argument in sys.argv[1:4])
    die_with(parent)
    for number in (signal.SIGTERM, signal.SIGINT):
        # For the supervisor alone: see `http_server.py`.
        signal.signal(number, signal.SIG_IGN)
    _allow_many_files()
    uvloop.run(_run(listener, channel_fd))


if __name__ == "__main__":
    main()
