"""Starting workers, and draining those that leave.

Drained means: no gateway uses it any more, then it is asked to end, then it is ended.
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
    """`sockets` holds a directory for each worker; `unused(name)` returns once no gateway uses a worker."""

    sockets: Path
    options: ServeOptions
    unused: Callable[[str], Awaitable[None]]
    _leaving: BackgroundTasks = field(default_factory=BackgroundTasks)

    async def start(self, spec: WorkerSpec) -> WorkerProcess:
        """A worker that is ready: checked, loaded, warm.  Raises StartFailed."""
        return await start_worker(spec, self.sockets, self.options)

    def drain(self, worker: WorkerProcess) -> None:
        """Drains a worker and ends it, without anybody waiting for that."""
        self._leaving.start(self._drain(worker))

    async def drained(self) -> None:
        """Waits until every worker that leaves has left."""
        await self._leaving.ended()

    async def _drain(self, worker: WorkerProcess) -> None:
        try:
            async with asyncio.timeout(self.options.drain_seconds):
                await self.unused(worker.name)
        except TimeoutError:
            await worker.kill()
            return
        await worker.stop(self.options.drain_seconds)
