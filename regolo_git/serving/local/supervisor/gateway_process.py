"""A gateway as the supervisor sees it: a child process that is started, asked, and ended."""

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress

from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.channel import Channel
from regolo_git.serving.local.child_process import child_environment, python_command, resident_bytes
from regolo_git.serving.local.gateway_messages import HELLO, GatewayReport
from regolo_git.serving.metrics.counts import Counts

MODULE = "regolo_git.serving.local.gateway.main"
STANDARD_ERROR = 2
START_SECONDS = 20.0


class GatewayProcess:
    """One gateway process, and its last report."""

    def __init__(self, process: Process, channel: Channel) -> None:
        self.process = process
        self.report = GatewayReport(Counts(), {}, frozenset(), 0, False)
        self.is_retiring = False
        self._channel = channel

    async def hello(self) -> None:
        """Waits until its process is up.  Raises ServingError."""
        await self._channel.ask(HELLO, seconds=START_SECONDS)

    async def ask(self, message: dict[str, Json], seconds: float) -> GatewayReport:
        """Sends any message but `hello`; the response is its next report.  Raises ServingError."""
        answer = await self._channel.ask(message, seconds=seconds)
        self.report = GatewayReport.read(JsonReader.of(answer, "the gateway's report"))
        return self.report

    def status(self) -> dict[str, Json]:
        """For the operator."""
        return {
            "process": self.process.pid,
            "connections": self.report.connections,
            "retiring": self.is_retiring,
            "resident_bytes": resident_bytes(self.process.pid),
        }

    async def end(self) -> None:
        """Kills it."""
        self._channel.close()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def start_gateway(listener: socket.socket, environment: Mapping[str, str]) -> GatewayProcess:
    """Starts a gateway's process on the listening socket, without waiting until it is up."""
    ours, theirs = socket.socketpair()
    with theirs:
        numbers = (os.getpid(), listener.fileno(), theirs.fileno())
        process = await asyncio.create_subprocess_exec(
            *python_command(MODULE, *(str(number) for number in numbers)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=STANDARD_ERROR,
            pass_fds=numbers[1:],
            env=child_environment(environment),
            # Ctrl-C in the terminal goes to the supervisor alone, which lets the gateways finish.
            start_new_session=True,
        )
    return GatewayProcess(process, await Channel.on(ours))
