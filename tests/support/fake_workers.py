"""Workers without processes, for what keeps them running: each does what the test tells it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.serving.local.supervisor.worker_process import Health, StartFailed
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.traffic.routing_table import Replica

OPTIONS = ServeOptions(Path(), health_seconds=0.001, start_attempts=2, worker_memory_bytes=1000)


class FakeWorker:
    """A worker that is ready until the test says otherwise."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.replica = Replica(name, f"/run/{name}/http.sock")
        self.answers: Health = "ready"
        self.resident_bytes: int | None = 1
        self.busy_seconds = 0.0
        self.has_predicted = False
        self.was_killed = False
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def exit(self, status: int) -> None:
        self._exit.set_result(status)

    async def health(self, _seconds: float) -> Health:
        return self.answers

    async def exited(self) -> int:
        return await asyncio.shield(self._exit)

    async def kill(self) -> None:
        self.was_killed = True


@dataclass
class FakeLauncher:
    """Starts fake workers; each of `failures` is raised once before a start succeeds."""

    options: ServeOptions = OPTIONS
    failures: list[StartFailed] = field(default_factory=list)
    started: list[FakeWorker] = field(default_factory=list)
    drained: list[str] = field(default_factory=list)

    async def start(self, _spec: object) -> FakeWorker:
        if self.failures:
            raise self.failures.pop(0)
        self.started.append(FakeWorker(f"w{len(self.started)}"))
        return self.started[-1]

    def drain(self, worker: FakeWorker, _longest: float) -> None:
        self.drained.append(worker.name)


async def eventually(look: Callable[[], object]) -> None:
    """Lets other tasks run until there is something to see."""
    async with asyncio.timeout(120):
        while not look():
            await asyncio.sleep(0.001)
