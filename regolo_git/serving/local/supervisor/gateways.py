"""The gateways of an engine: one that serves and, while it is being replaced, its predecessor.

The supervisor owns the listening socket and passes it to each gateway, so that no client finds it closed.  A
new gateway has the table and accepts connections before the old one stops accepting them; the old one then
answers `Connection: close` on its open connections, and exits when they are closed.  Workers and counts
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
from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway_messages import REPORT, GatewayStart, retire_message, table_message
from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.gateway_process import START_SECONDS, GatewayProcess, start_gateway
from regolo_git.serving.local.supervisor.request_limits import RequestLimits
from regolo_git.serving.metrics.counts import Counts, Key
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import RoutingTable

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = (0.0, 0.2, 1.0, 5.0)
LOOK_SECONDS = 0.05


class Gateways:
    """Every gateway process of an engine.

    `limits` are those of the tables that were published; `counted` receives the counts.
    """

    def __init__(
        self,
        listener: socket.socket,
        admin: Path,
        options: ServeOptions,
        limits: RequestLimits,
        counted: Callable[[Counts], None],
    ) -> None:
        self.running: list[GatewayProcess] = []
        self.problem: str | None = None
        self._listener = listener
        self._admin = admin
        self._options = options
        self._limits = limits
        self._counted = counted
        self._table = RoutingTable({})
        self._replacing = asyncio.Lock()
        # A starting gateway gets either the table before or the one after, and then every later one.
        self._publishing = asyncio.Lock()
        self._watching = BackgroundTasks()
        self._is_stopping = False

    async def replace(self) -> None:
        """Starts a gateway and retires the others.

        Raises ServingError if it does not start (then the others keep serving) or if the engine is stopping.
        """
        async with self._replacing:
            if self._is_stopping:
                raise ServingError("the server is stopping")
            before = [gateway for gateway in self.running if not gateway.is_retiring]
            await self._start()
            for gateway in before:
                await self._retire(gateway)

    async def publish(self, table: RoutingTable) -> None:
        """Puts a table in force: on return, no gateway uses an older one."""
        limits = {name: route.routing.timeout_seconds for name, route in table.routes.items()}
        async with self._publishing:
            self._table = table
            self._limits.offer(limits)
            for gateway in list(self.running):
                await self._ask(gateway, table_message(table))
            self._limits.settle(limits)

    async def report(self) -> None:
        """Collects the counts of every gateway since its last report."""
        # A starting gateway may have answered requests before it is among the running ones.
        async with self._publishing:
            for gateway in list(self.running):
                await self._ask(gateway, REPORT)

    async def unused(self, worker: str) -> None:
        """Returns once no gateway uses a worker that has left the table."""
        while True:
            await self.report()
            if all(worker not in gateway.report.using for gateway in self.running):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def in_flight(self) -> dict[Key, int]:
        """Requests in flight by endpoint and version."""
        total: Counter[Key] = Counter()
        for gateway in self.running:
            total.update(gateway.report.in_flight)
        return total

    async def stop(self) -> None:
        """Lets every gateway finish its requests, and kills those that take longer than any may."""
        self._is_stopping = True
        async with self._replacing:
            # A gateway that was starting is among the running ones now.
            self._listener.close()
        for gateway in list(self.running):
            await self._retire(gateway)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds() + ANSWER_SECONDS):
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
                options, access = self._options, Access.of(self._options)
                start = GatewayStart(self._table, options.limits, access, self._admin, options.access_log)
                report = await gateway.ask(start.to_json(), START_SECONDS)
                self.running.append(gateway)
                # It may have answered requests before it answered us.
                self._counted(report.counts)
        except ServingError as error:
            await gateway.end()
            raise ServingError("cannot start the gateway") from error
        self._watching.start(self._watch(gateway))

    async def _retire(self, gateway: GatewayProcess) -> None:
        gateway.is_retiring = True
        await self._ask(gateway, retire_message(self._drain_seconds()))

    def _drain_seconds(self) -> float:
        """The longest that a request may take whose head has arrived: its body, the model, the answer."""
        options = self._options
        return options.limits.body_seconds + self._limits.longest() + options.drain_seconds

    async def _ask(self, gateway: GatewayProcess, message: dict[str, Json]) -> None:
        """Sends a message to a gateway; one that does not answer is killed, and `_watch` starts another."""
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
        """Starts another gateway when one ends unexpectedly."""
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
