"""The operator's own servers for a version, if the policy names some: they are only watched."""

import asyncio
from collections.abc import Callable

import aiohttp

from regolo_git.errors import ServingError
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.policy import ExternalServer
from regolo_git.serving.traffic.routing_table import Replica

CHECK_SECONDS = 2.0


class ExternalReplicaSet:
    """A replica set of servers that implement the Open Inference Protocol."""

    def __init__(
        self,
        key: str,
        server: ExternalServer,
        start_seconds: float,
        changed: Callable[[], None],
        *,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self.key = key
        self.files: ModelFiles | None = None
        self.restarts = self.failed_starts = 0
        self.problem: ServingError | None = None
        self.ready: tuple[Replica, ...] = ()
        self._server = server
        self._start_seconds = start_seconds
        self._changed = changed
        self._check_seconds = check_seconds
        self._any = asyncio.Event()
        self._task = asyncio.create_task(self._watch())

    def at_least(self, replicas: int) -> None:
        """Does nothing: the operator decides how many there are."""

    def at_most(self, replicas: int) -> None:
        """Does nothing: the operator decides how many there are."""

    async def started(self) -> None:
        """Waits until one of them is ready.  Raises ServingError if none is in time."""
        try:
            async with asyncio.timeout(self._start_seconds):
                await self._any.wait()
        except TimeoutError as error:
            raise ServingError(f"no server of '{', '.join(self._server.urls)}' is ready") from error

    async def stop(self) -> None:
        """Stops watching."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._check_seconds)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                answers = await asyncio.gather(*(_is_ready(session, url) for url in self._server.urls))
                found = [url for url, is_ready in zip(self._server.urls, answers, strict=True) if is_ready]
                ready = tuple(Replica(f"{self.key}-{url}", url) for url in found)
                if ready != self.ready:
                    self.ready = ready
                    self._changed()
                self.problem = (
                    None if all(answers) else ServingError("a server does not report that it is ready")
                )
                if ready:
                    self._any.set()
                await asyncio.sleep(self._check_seconds / 2)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/v2/health/ready") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
