"""The supervisor: follows the branch, and runs the gateway and the workers accordingly.

    poll the head -> read the endpoints -> each endpoint's runner -> a new table -> every gateway

It owns the listening socket, the workers and the counts; a gateway is a child that can be replaced.  All
times are monotonic: a wall clock that jumps changes nothing.
"""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from regolo_git.errors import NotFound, ServingError
from regolo_git.serving.desired import Source
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.local.supervisor.artifact_fetcher import ArtifactFetcher
from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.branch import Branch, BranchState
from regolo_git.serving.local.supervisor.cores import available_cores, replicas_of, threads_for
from regolo_git.serving.local.supervisor.endpoint_runner import DesiredState, EndpointRunner
from regolo_git.serving.local.supervisor.gateways import Gateways
from regolo_git.serving.local.supervisor.request_limits import RequestLimits
from regolo_git.serving.local.supervisor.withheld import Withheld
from regolo_git.serving.local.supervisor.worker_launcher import WorkerLauncher
from regolo_git.serving.metrics.counts import Counts
from regolo_git.serving.metrics.kept_counts import KeptCounts
from regolo_git.serving.metrics.watched import WatchedCounts
from regolo_git.serving.metrics.windows import WindowStore
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import RoutingTable
from regolo_git.system_errors import reason_of

REPORT_SECONDS = 0.5
TICK_SECONDS = 1.0


class Supervisor:
    """A running engine; `say` gets a line for each change, `listening` is called once it accepts requests."""

    def __init__(
        self,
        source: Source,
        names: Collection[str],
        options: ServeOptions,
        listener: socket.socket,
        say: Callable[[str], None],
        listening: Callable[[], None],
    ) -> None:
        self.directory = directory = RuntimeDirectory.of(options.common_directory)
        self.branch = Branch(source, names)
        self.runners: dict[str, EndpointRunner] = {}
        self.counts = _kept_counts(directory.counts)
        self.watched = WatchedCounts()
        self.withheld = Withheld(directory.withheld, say)
        self.started_at = datetime.now(UTC)
        self._limits = RequestLimits()
        self.gateways = Gateways(listener, directory.admin_socket, options, self._limits, self._count)
        self.stopping = asyncio.Event()
        self._options = options
        self._say = say
        self._listening = listening
        self._artifacts = ArtifactFetcher(source)
        self._launcher = WorkerLauncher(
            directory.sockets, options, self.gateways.unused, threads=self._threads
        )
        self._replicas = 1
        self._replacing = BackgroundTasks()
        self._changed = asyncio.Event()
        self._publishing: asyncio.Task[None] | None = None
        self._said: dict[str, str] = {}
        self._said_problem: str | None = None

    async def run(self) -> None:
        """Serves until it is told to stop, then lets everything finish.

        Raises the errors of the first read of the branch, ServingError if no gateway can be started.
        """
        try:
            # First, or a signal during the start would leave sockets and processes behind.
            self._handle_signals()
            await self._take(await self.branch.first())
            self._say_problem()
            await self._publish()
            await self.gateways.replace()
            self._listening()
            await self._until_stopped()
        finally:
            await self._stop()

    async def _until_stopped(self) -> None:
        work = (self._poll(), self._report(), self._tick(), self._order_to_stop())
        tasks = [asyncio.create_task(loop) for loop in work]
        self._publishing = asyncio.create_task(self._publish_changes())
        try:
            # The first that ends is the request to stop, or a bug, which must not go unnoticed.
            done, _ = await asyncio.wait((*tasks, self._publishing), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancelled(*tasks)

    async def _order_to_stop(self) -> None:
        await self.stopping.wait()

    async def _stop(self) -> None:
        """In this order: requests finish, their counts are kept, workers stop, threads end."""
        await self.gateways.stop()
        self._keep_counts()
        # Not before: a request that is under way may need a worker that replaces its own.
        if self._publishing is not None:
            await _cancelled(self._publishing)
        await asyncio.gather(*(runner.stop() for runner in self.runners.values()))
        await self._launcher.drained()
        await self._replacing.ended()
        self.branch.close()
        self._artifacts.close()

    def _keep_counts(self) -> None:
        try:
            KeptCounts.of(self.counts, time.monotonic()).write(self.directory.counts)
        except OSError as error:
            self._say(f"the counts of requests are not kept: {reason_of(error)}")

    # -- signals ------------------------------------------------------------------------------------------

    def _handle_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_once, loop)
        loop.add_signal_handler(signal.SIGHUP, self._replace_later)

    def _stop_once(self, loop: asyncio.AbstractEventLoop) -> None:
        # A second signal means: do not wait.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        self.stopping.set()

    def _replace_later(self) -> None:
        self._replacing.start(self._replace())

    async def _replace(self) -> None:
        try:
            await self.gateways.replace()
        except ServingError as error:
            self._say(error.message)
        else:
            self._say("the gateway was replaced")

    # -- from the branch to the runners -------------------------------------------------------------------

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._options.poll_seconds)
            state = await self.branch.next()
            if state is not None:
                await self._take(state)
            self._say_problem()

    def _say_problem(self) -> None:
        """Reports a problem of the branch, once for as long as it is the same."""
        if self.branch.problem is not None and self.branch.problem != self._said_problem:
            self._say(self.branch.problem)
        self._said_problem = self.branch.problem

    def _threads(self) -> int:
        return threads_for(self._replicas, available_cores())

    async def _take(self, state: BranchState) -> None:
        broken = [runner.wanted for name, runner in self.runners.items() if name in state.broken]
        endpoints = [*state.endpoints.values(), *(wanted.endpoint for wanted in broken if wanted is not None)]
        self._replicas = replicas_of(endpoints, self._options.policy)
        for name in self.runners.keys() - state.endpoints.keys() - state.broken.keys():
            await self.runners.pop(name).stop()
            self._say(f"endpoint '{name}' is no longer served")
        for name, endpoint in state.endpoints.items():
            if name not in self.runners:
                longest = partial(self._limits.longest, name)
                self.runners[name] = EndpointRunner(
                    self._artifacts,
                    self._launcher,
                    self._options,
                    longest,
                    self._changed.set,
                    self.withheld.version,
                )
            await self.runners[name].want(DesiredState(state.commit, endpoint))

    async def withhold(self, name: str, version: str) -> None:
        """Gives a version no more requests, until the branch changes the endpoint's traffic.

        Raises NotFound for an endpoint that is not served, InvalidInput if nothing else has traffic.
        """
        runner = self.runners.get(name)
        state = None if runner is None else (runner.in_force.state if runner.in_force else runner.wanted)
        if runner is None or state is None:
            raise NotFound(f"endpoint '{name}' is not being served")
        self.withheld.order(state.endpoint, version)
        await runner.do_without()
        await self._publish()

    # -- from the runners to the gateways -----------------------------------------------------------------

    async def _publish_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._publish()

    async def _publish(self) -> None:
        runners = dict(self.runners)
        states = [runner.in_force.state if runner.in_force else runner.wanted for runner in runners.values()]
        self.withheld.drop_settled([state.endpoint for state in states if state is not None])
        routes = {name: runner.route for name, runner in runners.items()}
        self.watched.watch({name: route.watch for name, route in routes.items() if route and route.watch})
        observed = {name: runner.in_force.state for name, runner in runners.items() if runner.in_force}
        await self.gateways.publish(
            RoutingTable({name: route for name, route in routes.items() if route is not None})
        )
        for name, runner in runners.items():
            runner.observed = observed.get(name)
            summary = runner.summary()
            if self._said.get(name) != summary:
                self._said[name] = summary
                self._say(f"endpoint '{name}' {summary}")

    # -- counts and housekeeping --------------------------------------------------------------------------

    def _count(self, counts: Counts) -> None:
        self.counts.add(counts, time.monotonic())
        self.watched.add(counts.watched)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            await self.gateways.report()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for runner in list(self.runners.values()):
                await runner.replica_sets.expire()
            served = {digest for runner in self.runners.values() for digest in runner.digests}
            await self._artifacts.keep_only(served)


def _kept_counts(path: Path) -> WindowStore:
    """The counts of the engine before, if it stopped in order."""
    now, kept = time.monotonic(), KeptCounts.read(path)
    if kept is None:
        return WindowStore(now)
    return kept.store(now, elapsed=max(0.0, (datetime.now(UTC) - kept.saved).total_seconds()))


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
