"""Keeps one replica running: starts its worker, watches it, replaces it.

A worker that exits is replaced, with growing pauses unless it has served.  One that does not answer for
longer than a request may take is hung, and one that gives wrong answers is broken: both are killed first.  A
worker whose prediction takes longer than a request may is late: it may still come back, so it is ended once
its replacement is ready, as is one that uses too much memory.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Literal

from regolo_git.errors import ServingError
from regolo_git.serving.local.supervisor.worker_launcher import WorkerLauncher
from regolo_git.serving.local.supervisor.worker_process import StartFailed, WorkerProcess, describe_exit
from regolo_git.serving.local.worker_orders import WorkerSpec
from regolo_git.serving.traffic.routing_table import Replica

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# After this long, an exit is not a failed start.
LONG_LIFE_SECONDS = 60.0

# Added to the timeout of a request.
SILENT_MARGIN_SECONDS = 1.0
LOOK_SECONDS = 0.1
# This many wrong answers in a row make a worker broken.
WRONG_ANSWERS = 3

Departure = Literal["ended", "hung", "grown", "late"]


class ReplicaRunner:
    """One replica of a spec and its successive workers; `changed` is called when `ready` changes.

    `longest` says how many seconds a request may take.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        launcher: WorkerLauncher,
        starting: asyncio.Semaphore,
        longest: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self.ready: Replica | None = None
        self.problem: ServingError | None = None
        self.restarts = self.failed_starts = 0
        self.settled = asyncio.Event()
        self.has_failed = False
        self._spec = spec
        self._launcher = launcher
        self._options = launcher.options
        self._starting = starting
        self._longest = longest
        self._changed = changed
        self._worker: WorkerProcess | None = None
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops the replica; its worker is drained in the background."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        worker, self._worker = self._worker, None
        if self.ready is not None:
            self.ready = None
            self._changed()
        if worker is not None:
            self._launcher.drain(worker, self._longest())

    async def _run(self) -> None:
        failures = 0
        while True:
            worker = await self._start(failures)
            if worker is None:
                failures += 1
                if self.has_failed:
                    return
                await asyncio.sleep(_pause(failures))
                continue
            begun = time.monotonic()
            last = await self._replace_while_grown(worker)
            # What ends while it serves, or because of a request, is needed again at once.
            is_proven = last.has_predicted or time.monotonic() - begun > LONG_LIFE_SECONDS
            failures = 1 if is_proven else failures + 1
            self.restarts += 1
            await asyncio.sleep(_pause(failures))

    async def _start(self, failures: int) -> WorkerProcess | None:
        """A ready worker, or None; a replica that never had one gives up after some attempts."""
        try:
            async with self._starting:
                return await self._launcher.start(self._spec)
        except StartFailed as error:
            self.problem = error
            was_ready = self.settled.is_set()
            self.failed_starts += was_ready
            if not was_ready and (error.is_final or failures + 1 >= self._options.start_attempts):
                self.has_failed = True
                self.settled.set()
            self._changed()
            return None

    async def _replace_while_grown(self, worker: WorkerProcess) -> WorkerProcess:
        """Watches a worker until it is gone; one that has grown or is late is replaced without a gap.

        Returns the last one.
        """
        while True:
            self._put_forward(worker)
            departure = await self._watch(worker)
            successor = await self._start(0) if departure in ("grown", "late") else None
            if successor is None:
                break
            self.restarts += 1
            self._put_forward(successor)
            if self._is_late(worker):
                await worker.kill()
            else:
                self._launcher.drain(worker, self._longest())
            worker = successor
        self._worker, self.ready = None, None
        self._changed()
        if departure == "grown":
            self._launcher.drain(worker, self._longest())
        else:
            await worker.kill()
        return worker

    def _put_forward(self, worker: WorkerProcess) -> None:
        self._worker, self.ready, self.problem = worker, worker.replica, None
        self.settled.set()
        self._changed()

    async def _watch(self, worker: WorkerProcess) -> Departure:
        """Waits until a worker has to be replaced; returns why."""
        exited = asyncio.create_task(worker.exited())
        others = (
            asyncio.create_task(self._until_unfit(worker)),
            asyncio.create_task(self._until_late(worker)),
        )
        try:
            await asyncio.wait((exited, *others), return_when=asyncio.FIRST_COMPLETED)
            if exited.done():
                self.problem = ServingError(f"a worker ended ({describe_exit(exited.result())})")
                return "ended"
            departure, self.problem = next(task.result() for task in others if task.done())
            return departure
        finally:
            for task in (exited, *others):
                task.cancel()

    def _is_late(self, worker: WorkerProcess) -> bool:
        """Whether nobody waits for the prediction under way any more: it takes longer than a request may."""
        return worker.busy_seconds > self._longest()

    async def _until_late(self, worker: WorkerProcess) -> tuple[Departure, ServingError]:
        while not self._is_late(worker):
            await asyncio.sleep(LOOK_SECONDS)
        return "late", ServingError("a worker took longer than a request may")

    async def _until_unfit(self, worker: WorkerProcess) -> tuple[Departure, ServingError]:
        """Waits until a worker is silent, gives wrong answers, or uses too much memory."""
        wrong = 0
        while True:
            # A running prediction delays the answer by up to the timeout of a request.
            health = await worker.health(self._longest() + SILENT_MARGIN_SECONDS)
            wrong = wrong + 1 if health == "wrong" else 0
            if health == "silent" or wrong == WRONG_ANSWERS:
                return "hung", ServingError(f"a worker was {health} when asked whether it is ready")
            if self._has_grown(worker):
                return "grown", ServingError("a worker exceeded its memory limit")
            await asyncio.sleep(self._options.health_seconds)

    def _has_grown(self, worker: WorkerProcess) -> bool:
        most, held = self._options.worker_memory_bytes, worker.resident_bytes
        return most is not None and held is not None and held > most


def _pause(failures: int) -> float:
    """Seconds before the next start: doubling, bounded, with jitter."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16))
    return longest * random.uniform(0.5, 1.0)
