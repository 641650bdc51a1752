"""Starting workers, and draining them.

Draining: wait until no gateway uses the worker, ask it to exit, kill it when the time is up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.serving.local.supervisor.background import BackgroundTasks
from regolo_git.serving.local.supervisor.worker_process import WorkerProcess, start_worker
from regolo_git.serving.local.worker_orders import WorkerSpec
from regolo_git.serving.options import ServeOptions


@dataclass(slots=True)
class WorkerLauncher:
    """`sockets` holds a directory for each worker; `unused(name)` returns once no gateway uses it."""

    sockets: Path
    options: ServeOptions
    unused: Callable[[str], Awaitable[None]]
    _leaving: BackgroundTasks = field(default_factory=BackgroundTasks)

    async def start(self, spec: WorkerSpec) -> WorkerProcess:
        """Starts a worker and waits until it is ready: checked, loaded, warm.  Raises StartFailed."""
        return await start_worker(spec, self.sockets, self.options)

    def drain(self, worker: WorkerProcess) -> None:
        """Drains a worker in the background."""
        self._leaving.start(self._drain(worker))

    async def drained(self) -> None:
        """Waits until every worker is drained."""
        await self._leaving.ended()

    async def _drain(self, worker: WorkerProcess) -> None:
        try:
            async with asyncio.timeout(self.options.drain_seconds):
                await self.unused(worker.name)
        except TimeoutError:
            await worker.kill()
            return
        await worker.stop(self.options.drain_seconds)
