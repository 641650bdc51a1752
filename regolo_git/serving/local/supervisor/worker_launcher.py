"""Starting workers, and draining them.

Draining: wait until no gateway uses the worker, for as long as its requests may take; ask it to exit; kill it
when the time is up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from regolo_git.serving.local.child_process import operators_threads
from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.worker_log import WorkerLog
from regolo_git.serving.local.supervisor.worker_process import WorkerProcess, start_worker
from regolo_git.serving.local.worker_orders import WorkerSpec
from regolo_git.serving.options import ServeOptions


@dataclass(slots=True)
class WorkerLauncher:
    """`sockets` holds a directory for each worker; `unused(name)` returns once no gateway uses it.

    `label()` comes before each line that a worker prints; it may use `threads()` threads, as of its start.
    """

    sockets: Path
    options: ServeOptions
    unused: Callable[[str], Awaitable[None]]
    label: Callable[[], str] = lambda: "worker"
    threads: Callable[[], int] = lambda: 1
    log: WorkerLog = field(default_factory=WorkerLog)
    _leaving: BackgroundTasks = field(default_factory=BackgroundTasks)

    async def start(self, spec: WorkerSpec) -> WorkerProcess:
        """Starts a worker and waits until it is ready: checked, loaded, warm.  Raises StartFailed."""
        threads = operators_threads(self.options.environment) or self.threads()
        spec = replace(spec, threads=threads)
        return await start_worker(spec, self.sockets, self.options, self.log, self.label)

    def labelled(self, label: Callable[[], str]) -> "WorkerLauncher":
        """This launcher with another label."""
        return replace(self, label=label)

    def drain(self, worker: WorkerProcess, longest: float) -> None:
        """Drains a worker in the background; a request of its may take `longest` seconds."""
        self._leaving.start(self._drain(worker, longest))

    async def drained(self) -> None:
        """Waits until every worker is drained, and what they printed is written."""
        await self._leaving.ended()
        await self.log.end()

    async def _drain(self, worker: WorkerProcess, longest: float) -> None:
        try:
            # A large answer may still be on its way to a slow client after its limit.
            async with asyncio.timeout(longest + self.options.drain_seconds):
                await self.unused(worker.name)
        except TimeoutError:
            await worker.kill()
            return
        await worker.stop(self.options.drain_seconds)
