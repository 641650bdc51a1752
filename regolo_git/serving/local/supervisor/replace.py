"""The gateways: one that serves, and while it is being replaced the one before it.

The supervisor owns the listening socket and hands it to each gateway, so nobody who connects finds it closed.
A new gateway has the table and takes connections before the old one stops taking them; the old one then
answers `Connection: close` on the connections that it has, and ends when they are gone.  Workers and counts
belong to the supervisor and outlive both.
"""

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from regolo_git.errors import ServingError
from regolo_git.serving.json_value import Json, as_json, json_list, json_number, json_object, json_text
from regolo_git.serving.local.channel import Channel
from regolo_git.serving.local.child_process import child_environment, python_command, resident_bytes
from regolo_git.serving.metrics.counts import Counts, Key
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.split import Table

MODULE = "regolo_git.serving.local.gateway.main"
STANDARD_ERROR = 2
START_SECONDS = 20.0
ANSWER_SECONDS = 10.0
PAUSE_SECONDS = (0.0, 0.2, 1.0, 5.0)
LOOK_SECONDS = 0.05


class RunningGateway:
    """One gateway process, as of its last report."""

    def __init__(self, process: Process, channel: Channel) -> None:
        self.process = process
        self.using: frozenset[str] = frozenset()
        self.in_flight: dict[Key, int] = {}
        self.connections = 0
        self.is_retiring = False
        self._channel = channel

    async def ask(self, message: dict[str, Json], seconds: float) -> tuple[Counts, bool]:
        """Asks, and takes in the report that every answer but the first is.  Raises ServingError."""
        answer = await self._channel.ask(message, seconds=seconds)
        self.using = frozenset(json_text(name, "a worker") for name in json_list(answer["using"], "'using'"))
        flights = [json_list(entry, "a flight") for entry in json_list(answer["in_flight"], "'in_flight'")]
        self.in_flight = {
            (json_text(endpoint, "'endpoint'"), json_text(version, "'version'")): int(json_number(n, "'n'"))
            for endpoint, version, n in flights
        }
        self.connections = int(json_number(answer["connections"], "'connections'"))
        return Counts.from_json(json_object(answer["counts"], "'counts'")), answer["done"] is True

    async def hello(self) -> None:
        """Waits until its process is up.  Raises ServingError."""
        await self._channel.ask({"do": "hello"}, seconds=START_SECONDS)

    def status(self) -> dict[str, Json]:
        """For the operator."""
        return {
            "process": self.process.pid,
            "connections": self.connections,
            "retiring": self.is_retiring,
            "resident_bytes": resident_bytes(self.process.pid),
        }

    async def end(self) -> None:
        """Ends it at once."""
        self._channel.close()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


class Gateways:
    """Every gateway process of an engine; `counted` takes in what they count."""

    def __init__(
        self, listener: socket.socket, admin: Path, options: ServeOptions, counted: Callable[[Counts], None]
    ) -> None:
        self.running: list[RunningGateway] = []
        self.problem: str | None = None
        self._listener = listener
        self._admin = admin
        self._options = options
        self._counted = counted
        self._table = Table(0, {})
        self._replacing = asyncio.Lock()
        # A gateway that starts has the table before or the one after, and is told of every later one.
        self._publishing = asyncio.Lock()
        self._watching: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def replace(self) -> None:
        """Starts a gateway and retires those before it.  Raises ServingError; then they serve on."""
        async with self._replacing:
            before = [gateway for gateway in self.running if not gateway.is_retiring]
            await self._start()
            for gateway in before:
                await self._retire(gateway)

    async def publish(self, table: Table) -> None:
        """Puts a table in force: on return no gateway serves by an older one."""
        async with self._publishing:
            self._table = table
            for gateway in list(self.running):
                await self._ask(gateway, {"do": "table", "table": table.to_json()})

    async def report(self) -> None:
        """Takes in what every gateway has counted since it was asked last."""
        # One that is being started may have answered somebody before it is among those that run.
        async with self._publishing:
            for gateway in list(self.running):
                await self._ask(gateway, {"do": "report"})

    async def unused(self, worker: str) -> None:
        """Returns once no gateway sends anything to a worker, which has left the table."""
        while True:
            await self.report()
            if all(worker not in gateway.using for gateway in self.running):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def in_flight(self) -> dict[Key, int]:
        """Requests under way by endpoint and version."""
        total: dict[Key, int] = {}
        for gateway in self.running:
            for key, count in gateway.in_flight.items():
                total[key] = total.get(key, 0) + count
        return total

    async def stop(self) -> None:
        """Lets every gateway finish what it has, and ends those that take too long."""
        self._is_stopping = True
        self._listener.close()
        for gateway in list(self.running):
            await self._retire(gateway)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.drain_seconds + ANSWER_SECONDS):
                while self.running:
                    await self.report()
                    await asyncio.sleep(LOOK_SECONDS)
        for gateway in list(self.running):
            await gateway.end()
        await asyncio.gather(*self._watching, return_exceptions=True)

    # -- one gateway --------------------------------------------------------------------------------------

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await self._spawn(theirs)
        gateway = RunningGateway(process, await Channel.on(ours))
        try:
            await gateway.hello()
            async with self._publishing:
                counts, _ = await gateway.ask(self._first_orders(), START_SECONDS)
                self.running.append(gateway)
                # It may have answered somebody before it answered us.
                self._counted(counts)
        except ServingError as error:
            await gateway.end()
            raise ServingError("the gateway cannot be started") from error
        task = asyncio.create_task(self._watch(gateway))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _first_orders(self) -> dict[str, Json]:
        return {
            "do": "start",
            "table": self._table.to_json(),
            "limits": as_json(self._options.limits.to_json()),
            "token": self._options.token,
            "admin": str(self._admin),
        }

    async def _spawn(self, line: socket.socket) -> Process:
        numbers = (os.getpid(), self._listener.fileno(), line.fileno())
        return await asyncio.create_subprocess_exec(
            *python_command(MODULE, *(str(number) for number in numbers)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=STANDARD_ERROR,
            pass_fds=numbers[1:],
            env=child_environment(self._options.environment),
            # A Ctrl-C at the terminal is for the supervisor, which then lets the gateways finish.
            start_new_session=True,
        )

    async def _retire(self, gateway: RunningGateway) -> None:
        gateway.is_retiring = True
        await self._ask(gateway, {"do": "retire", "seconds": self._options.drain_seconds})

    async def _ask(self, gateway: RunningGateway, message: dict[str, Json]) -> None:
        """Asks a gateway; one that does not answer is ended, and `_watch` sees to another."""
        if gateway not in self.running:
            return
        try:
            counts, is_done = await gateway.ask(message, ANSWER_SECONDS)
        except ServingError:
            await gateway.end()
            return
        self._counted(counts)
        if is_done:
            self.running.remove(gateway)

    async def _watch(self, gateway: RunningGateway) -> None:
        """Sees to another gateway when one ends that nobody asked to."""
        await gateway.process.wait()
        if gateway in self.running:
            self.running.remove(gateway)
        if gateway.is_retiring or self._is_stopping:
            return
        for attempt in range(1_000_000):
            await asyncio.sleep(PAUSE_SECONDS[min(attempt, len(PAUSE_SECONDS) - 1)])
            try:
                if not self._is_stopping:
                    await self.replace()
            except ServingError as error:
                self.problem = error.message
            else:
                self.problem = None
                return
