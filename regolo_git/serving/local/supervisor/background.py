"""Tasks that nobody waits for at once."""

import asyncio
from collections.abc import Coroutine


class BackgroundTasks:
    """Holds tasks while they run: the event loop alone would let them be collected in the middle."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Runs it in the background."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def ended(self) -> None:
        """Waits until all that was started before now has ended, however it ended."""
        await asyncio.gather(*self._running, return_exceptions=True)
