"""The source's quick half, in a thread of its own: where the branch is, and what it says of our endpoints."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from regolo_git.errors import NotFound, RegoloError, TransportError
from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.serving.desired import Source


@dataclass(frozen=True, slots=True)
class BranchState:
    """The endpoints that are ours as of a commit."""

    commit: str
    endpoints: dict[str, Endpoint]


class Branch:
    """Follows the head.  A commit that is broken is passed over, and `broken` says why.

    `problem` is what is wrong at the moment: that, or that the branch itself cannot be read.
    """

    def __init__(self, source: Source, names: Collection[str]) -> None:
        self.problem: RegoloError | None = None
        self.broken: RegoloError | None = None
        self.head: str | None = None
        self._source = source
        self._names = frozenset(names)
        self._thread = ThreadPoolExecutor(1, "regolo-look")

    async def first(self) -> BranchState:
        """The state to begin with.

        Raises what the source raises, NotFound for an endpoint that was asked for and is not there.
        """
        state = await self._in_thread()
        assert state is not None
        missing = self._names - state.endpoints.keys()
        if missing:
            name = min(missing)
            raise NotFound(f"there is no endpoint '{name}' to serve", Hint("endpoint list"))
        return state

    async def next(self) -> BranchState | None:
        """The state of a head that has moved; None where it has not, or where it cannot be read."""
        try:
            return await self._in_thread()
        except RegoloError as error:
            self.problem = error
            return None

    def close(self) -> None:
        """Looks no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self) -> BranchState | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> BranchState | None:
        try:
            head = self._source.head()
            if head != self.head:
                return self._read(head)
        except OSError as error:
            raise TransportError(f"the registry cannot be read: {error}") from error
        # The branch may have been away for a while; a commit that was broken still is.
        self.problem = self.broken
        return None

    def _read(self, head: str) -> BranchState:
        try:
            endpoints = self._source.endpoints(head)
        except RegoloError as error:
            # Noted, so that it is read once, not four times a second.
            self.head, self.broken = head, error
            raise
        self.head = head
        self.problem = self.broken = None
        ours = {name: found for name, found in endpoints.items() if found.engine == LOCAL}
        if self._names:
            ours = {name: found for name, found in ours.items() if name in self._names}
        return BranchState(head, ours)
