"""Tasks that run in the background."""

import asyncio
from collections.abc import Coroutine


class BackgroundTasks:
    """Holds references to running tasks: the event loop alone would let them be garbage-collected."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Starts a task."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def ended(self) -> None:
        """Waits for all tasks started so far, whether they succeed or fail."""
        await asyncio.gather(*self._running, return_exceptions=True)
