"""A replica set: the replicas of one version's content, each kept running.

`WorkerReplicaSet` runs our own workers; `external_servers.py` has the one for the operator's servers.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

from regolo_git.errors import ServingError
from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.replica_runner import ReplicaRunner
from regolo_git.serving.local.supervisor.worker_launcher import WorkerLauncher
from regolo_git.serving.local.worker_orders import WorkerSpec
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.traffic.routing_table import Replica


class ReplicaSet(Protocol):
    """The replicas of one version's content."""

    key: str
    files: ModelFiles | None

    @property
    def ready(self) -> tuple[Replica, ...]:
        """The replicas that accept requests."""
        ...

    @property
    def restarts(self) -> int:
        """The number of times a worker was replaced."""
        ...

    @property
    def failed_starts(self) -> int:
        """The number of times a replacement did not start."""
        ...

    @property
    def problem(self) -> ServingError | None:
        """The current problem of a replica, if any."""
        ...

    def at_least(self, replicas: int) -> None:
        """Starts replicas until there are at least `replicas`."""
        ...

    def at_most(self, replicas: int) -> None:
        """Stops replicas until there are at most `replicas`."""
        ...

    async def started(self) -> None:
        """Waits until every replica was ready once or has failed.  Raises ServingError if all have failed."""
        ...

    async def stop(self) -> None:
        """Stops every replica."""
        ...


class WorkerReplicaSet:
    """Workers of one spec; `longest` says how many seconds a request may take."""

    def __init__(
        self,
        spec: WorkerSpec,
        files: ModelFiles,
        launcher: WorkerLauncher,
        longest: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self.key = spec.key
        self.files: ModelFiles | None = files
        self._spec = spec
        self._launcher = launcher
        self._longest = longest
        self._changed = changed
        self._runners: list[ReplicaRunner] = []
        self._leaving = BackgroundTasks()
        # One for each set, so that a set that hangs while starting does not delay another.
        self._starting = asyncio.Semaphore(max(1, os.cpu_count() or 1))

    @property
    def ready(self) -> tuple[Replica, ...]:
        """The replicas that accept requests."""
        return tuple(runner.ready for runner in self._runners if runner.ready is not None)

    @property
    def restarts(self) -> int:
        """The number of times a worker was replaced."""
        return sum(runner.restarts for runner in self._runners)

    @property
    def failed_starts(self) -> int:
        """The number of times a replacement did not start."""
        return sum(runner.failed_starts for runner in self._runners)

    @property
    def problem(self) -> ServingError | None:
        """The current problem of a replica, if any."""
        return next((r.problem for r in self._runners if r.ready is None and r.problem is not None), None)

    def at_least(self, replicas: int) -> None:
        """Starts replicas until there are at least `replicas`; those that gave up are started again."""
        for runner in [runner for runner in self._runners if runner.has_failed]:
            self._let_go(runner)
        while len(self._runners) < replicas:
            runner = ReplicaRunner(self._spec, self._launcher, self._starting, self._longest, self._changed)
            self._runners.append(runner)

    def at_most(self, replicas: int) -> None:
        """Stops replicas until there are at most `replicas`, first those that are not ready."""
        for runner in sorted(self._runners, key=lambda runner: runner.ready is not None):
            if len(self._runners) <= replicas:
                break
            self._let_go(runner)

    def _let_go(self, runner: ReplicaRunner) -> None:
        self._runners.remove(runner)
        self._leaving.start(runner.stop())

    async def started(self) -> None:
        """Waits until every replica was ready once or has failed.  Raises ServingError if all have failed."""
        runners = list(self._runners)
        await asyncio.gather(*(runner.settled.wait() for runner in runners))
        if all(runner.has_failed for runner in runners):
            raise runners[0].problem or ServingError("no worker of this version could be started")

    async def stop(self) -> None:
        """Stops every replica."""
        self.at_most(0)
        await self._leaving.ended()
