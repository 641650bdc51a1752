"""The workers of one version's content: as many kept replicas as it shall have.

Two things stand in for each other here: our own workers, and a server of the operator's that speaks the Open
Inference Protocol.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

import aiohttp

from regolo_git.errors import ServingError
from regolo_git.serving.desired import ModelFiles
from regolo_git.serving.local.supervisor.replica_keeper import ReplicaKeeper, Workshop
from regolo_git.serving.local.worker.spec import WorkerSpec
from regolo_git.serving.policy import ForeignServer
from regolo_git.serving.traffic.split import Replica

FOREIGN_CHECK_SECONDS = 2.0


class Workers(Protocol):
    """What serves one version's content."""

    key: str
    files: ModelFiles | None

    @property
    def ready(self) -> tuple[Replica, ...]:
        """The replicas that take requests."""
        ...

    @property
    def restarts(self) -> int:
        """How often a worker was replaced."""
        ...

    @property
    def problem(self) -> ServingError | None:
        """What is wrong with a replica now, if anything is."""
        ...

    def at_least(self, replicas: int) -> None:
        """Starts more replicas where there are fewer."""
        ...

    def at_most(self, replicas: int) -> None:
        """Lets replicas go where there are more."""
        ...

    async def started(self) -> None:
        """Waits until every replica was ready once or has failed; raises ServingError where none is ready."""
        ...

    async def stop(self) -> None:
        """Lets every replica go."""
        ...


class Generation:
    """Our own workers of one spec."""

    def __init__(
        self,
        spec: WorkerSpec,
        files: ModelFiles,
        workshop: Workshop,
        timeout_seconds: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self.key = spec.key
        self.files: ModelFiles | None = files
        self._spec = spec
        self._workshop = workshop
        self._timeout_seconds = timeout_seconds
        self._changed = changed
        self._keepers: list[ReplicaKeeper] = []
        self._leaving: set[asyncio.Task[None]] = set()
        # Each generation has its own, so that one that hangs while starting holds up no other.
        self._starting = asyncio.Semaphore(max(1, os.cpu_count() or 1))

    @property
    def ready(self) -> tuple[Replica, ...]:
        """The replicas that take requests."""
        return tuple(keeper.ready for keeper in self._keepers if keeper.ready is not None)

    @property
    def restarts(self) -> int:
        """How often a worker was replaced."""
        return sum(keeper.restarts for keeper in self._keepers)

    @property
    def problem(self) -> ServingError | None:
        """What is wrong with a replica now, if anything is."""
        return next((k.problem for k in self._keepers if k.ready is None and k.problem is not None), None)

    def at_least(self, replicas: int) -> None:
        """Starts more replicas where there are fewer; those that had given up are started anew."""
        for keeper in [keeper for keeper in self._keepers if keeper.has_failed]:
            self._let_go(keeper)
        while len(self._keepers) < replicas:
            keeper = ReplicaKeeper(
                self._spec, self._workshop, self._starting, self._timeout_seconds, self._changed
            )
            self._keepers.append(keeper)

    def at_most(self, replicas: int) -> None:
        """Lets replicas go where there are more, those first that are not ready."""
        for keeper in sorted(self._keepers, key=lambda keeper: keeper.ready is not None):
            if len(self._keepers) <= replicas:
                break
            self._let_go(keeper)

    def _let_go(self, keeper: ReplicaKeeper) -> None:
        self._keepers.remove(keeper)
        task = asyncio.create_task(keeper.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def started(self) -> None:
        """Waits until every replica was ready once or has failed; raises ServingError where none is ready."""
        keepers = list(self._keepers)
        await asyncio.gather(*(keeper.settled.wait() for keeper in keepers))
        if all(keeper.has_failed for keeper in keepers):
            raise keepers[0].problem or ServingError("no worker of the version could be started")

    async def stop(self) -> None:
        """Lets every replica go."""
        self.at_most(0)
        await asyncio.gather(*self._leaving)


class ForeignServers:
    """The operator's own servers for one version; we ask only whether they are ready."""

    def __init__(
        self, key: str, server: ForeignServer, start_seconds: float, changed: Callable[[], None]
    ) -> None:
        self.key = key
        self.files: ModelFiles | None = None
        self.restarts = 0
        self.problem: ServingError | None = None
        self.ready: tuple[Replica, ...] = ()
        self._server = server
        self._start_seconds = start_seconds
        self._changed = changed
        self._any = asyncio.Event()
        self._task = asyncio.create_task(self._watch())

    def at_least(self, replicas: int) -> None:
        """There are as many as the operator named."""

    def at_most(self, replicas: int) -> None:
        """There are as many as the operator named."""

    async def started(self) -> None:
        """Waits until one of them is ready.  Raises ServingError where none is in time."""
        try:
            async with asyncio.timeout(self._start_seconds):
                await self._any.wait()
        except TimeoutError as error:
            raise ServingError(f"no server of '{', '.join(self._server.urls)}' is ready") from error

    async def stop(self) -> None:
        """Asks no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        timeout = aiohttp.ClientTimeout(total=FOREIGN_CHECK_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                answers = await asyncio.gather(*(_is_ready(session, url) for url in self._server.urls))
                found = [url for url, is_ready in zip(self._server.urls, answers, strict=True) if is_ready]
                ready = tuple(Replica(f"{self.key}-{url}", url) for url in found)
                if ready != self.ready:
                    self.ready = ready
                    self._changed()
                self.problem = (
                    None if all(answers) else ServingError("a server does not say that it is ready")
                )
                if ready:
                    self._any.set()
                await asyncio.sleep(FOREIGN_CHECK_SECONDS / 2)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/v2/health/ready") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
