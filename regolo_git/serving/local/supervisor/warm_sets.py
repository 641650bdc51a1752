"""The replica sets of one endpoint: those in the table, and those kept warm after they have left it.

This makes a rollback immediate.  `ServeOptions.keep_seconds` and `kept_versions` limit how long and how many.
"""

import asyncio
import time
from collections.abc import Callable, Collection

from regolo_git.records.digests import Digest
from regolo_git.serving.local.supervisor.replica_set import ReplicaSet
from regolo_git.serving.options import ServeOptions


class WarmSets:
    """Replica sets by the key of their plan; `clock` is monotonic, in seconds."""

    def __init__(self, options: ServeOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self.sets: dict[str, ReplicaSet] = {}
        self._kept_until: dict[str, float] = {}
        self._needed_before: set[str] = set()
        self._options = options
        self._clock = clock

    @property
    def kept_warm(self) -> int:
        """The number of sets that are kept warm."""
        return len(self._kept_until)

    @property
    def digests(self) -> set[Digest]:
        """The digests of the artifacts that the sets have loaded."""
        return {held.files.digest for held in self.sets.values() if held.files is not None}

    def ensure(self, key: str, start: Callable[[], ReplicaSet]) -> ReplicaSet:
        """The set with that key, which may be warm, or a new one."""
        self._kept_until.pop(key, None)
        if key not in self.sets:
            self.sets[key] = start()
        return self.sets[key]

    async def tidy(self, needed: Collection[str]) -> None:
        """Keeps sets warm that a table no longer needs, within bounds; stops those that were never in one."""
        for key in [key for key in self.sets if key not in needed and key not in self._kept_until]:
            if self.sets[key].ready and key in self._needed_before:
                self._kept_until[key] = self._clock() + self._options.keep_seconds
            else:
                await self._stop_set(key)
        self._needed_before.update(needed)
        while len(self._kept_until) > self._options.kept_versions:
            await self._stop_set(min(self._kept_until, key=self._kept_until.__getitem__))

    async def expire(self) -> None:
        """Stops sets that have been kept warm long enough."""
        now = self._clock()
        for key in [key for key, until in self._kept_until.items() if until <= now]:
            await self._stop_set(key)

    async def stop(self) -> None:
        """Stops every set."""
        await asyncio.gather(*(held.stop() for held in self.sets.values()))
        self.sets.clear()
        self._kept_until.clear()

    async def _stop_set(self, key: str) -> None:
        self._kept_until.pop(key, None)
        self._needed_before.discard(key)
        await self.sets.pop(key).stop()
