"""The gateways: one that serves, and while it is being replaced the one before it.

The supervisor owns the listening socket and hands it to each gateway, so nobody who connects finds it closed.
A new gateway has the table and takes connections before the old one stops taking them; the old one then
answers `Connection: close` on the connections that it has, and ends when they are gone.  Workers and counts
belong to the supervisor and outlive both.
"""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from regolo_git.errors import ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.gateway_messages import REPORT, GatewayStart, retire_message, table_message
from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.gateway_process import START_SECONDS, GatewayProcess, start_gateway
from regolo_git.serving.metrics.counts import Counts, Key
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import RoutingTable

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = (0.0, 0.2, 1.0, 5.0)
LOOK_SECONDS = 0.05


class Gateways:
    """Every gateway process of an engine; `counted` takes in what they count."""

    def __init__(
        self, listener: socket.socket, admin: Path, options: ServeOptions, counted: Callable[[Counts], None]
    ) -> None:
        self.running: list[GatewayProcess] = []
        self.problem: str | None = None
        self._listener = listener
        self._admin = admin
        self._options = options
        self._counted = counted
        self._table = RoutingTable({})
        self._replacing = asyncio.Lock()
        # A gateway that starts has the table before or the one after, and is told of every later one.
        self._publishing = asyncio.Lock()
        self._watching = BackgroundTasks()
        self._is_stopping = False

    async def replace(self) -> None:
        """Starts a gateway and retires those before it.  Raises ServingError; then they serve on."""
        async with self._replacing:
            before = [gateway for gateway in self.running if not gateway.is_retiring]
            await self._start()
            for gateway in before:
                await self._retire(gateway)

    async def publish(self, table: RoutingTable) -> None:
        """Puts a table in force: on return no gateway serves by an older one."""
        async with self._publishing:
            self._table = table
            for gateway in list(self.running):
                await self._ask(gateway, table_message(table))

    async def report(self) -> None:
        """Takes in what every gateway has counted since it was asked last."""
        # One that is being started may have answered somebody before it is among those that run.
        async with self._publishing:
            for gateway in list(self.running):
                await self._ask(gateway, REPORT)

    async def unused(self, worker: str) -> None:
        """Returns once no gateway sends anything to a worker, which has left the table."""
        while True:
            await self.report()
            if all(worker not in gateway.report.using for gateway in self.running):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def in_flight(self) -> dict[Key, int]:
        """Requests under way by endpoint and version."""
        total: Counter[Key] = Counter()
        for gateway in self.running:
            total.update(gateway.report.in_flight)
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
        await self._watching.ended()

    # -- one gateway --------------------------------------------------------------------------------------

    async def _start(self) -> None:
        gateway = await start_gateway(self._listener, self._options.environment)
        try:
            await gateway.hello()
            async with self._publishing:
                start = GatewayStart(self._table, self._options.limits, self._options.token, self._admin)
                report = await gateway.ask(start.to_json(), START_SECONDS)
                self.running.append(gateway)
                # It may have answered somebody before it answered us.
                self._counted(report.counts)
        except ServingError as error:
            await gateway.end()
            raise ServingError("the gateway cannot be started") from error
        self._watching.start(self._watch(gateway))

    async def _retire(self, gateway: GatewayProcess) -> None:
        gateway.is_retiring = True
        await self._ask(gateway, retire_message(self._options.drain_seconds))

    async def _ask(self, gateway: GatewayProcess, message: dict[str, Json]) -> None:
        """Asks a gateway; one that does not answer is ended, and `_watch` sees to another."""
        if gateway not in self.running:
            return
        try:
            report = await gateway.ask(message, ANSWER_SECONDS)
        except ServingError:
            await gateway.end()
            return
        self._counted(report.counts)
        if report.is_done:
            self.running.remove(gateway)

    async def _watch(self, gateway: GatewayProcess) -> None:
        """Sees to another gateway when one ends that nobody asked to."""
        await gateway.process.wait()
        if gateway in self.running:
            self.running.remove(gateway)
        if gateway.is_retiring or self._is_stopping:
            return
        for attempt in itertools.count():
            await asyncio.sleep(PAUSE_SECONDS[min(attempt, len(PAUSE_SECONDS) - 1)])
            try:
                if not self._is_stopping:
                    await self.replace()
            except ServingError as error:
                self.problem = error.message
            else:
                self.problem = None
                return
