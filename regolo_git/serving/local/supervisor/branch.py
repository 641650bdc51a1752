"""The quick half of a source, in a thread of its own: the head of the branch and its endpoints."""

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from regolo_git.errors import NotFound, RegoloError, TransportError
from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.records.paths import endpoint_of
from regolo_git.serving.desired import Source

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class BranchState:
    """The endpoints to run as of a commit; `broken` are those that cannot be read, and why."""

    commit: str
    endpoints: Mapping[str, Endpoint]
    broken: Mapping[str, RegoloError]


class Branch:
    """Follows the head; an endpoint or a commit that cannot be read leaves the last state in effect.

    `problem` is the current problem: an unreadable endpoint, commit or branch.
    """

    def __init__(self, source: Source, names: Collection[str]) -> None:
        self.problem: str | None = None
        self.head: str | None = None
        self._problem_of_head: str | None = None
        self._unread: RegoloError | None = None
        self._source = source
        self._names = frozenset(names)
        self._thread = ThreadPoolExecutor(1, "regolo-look")

    async def first(self) -> BranchState:
        """The initial state.

        Raises the source's errors, NotFound for a requested endpoint that does not exist, and the error of a
        broken one that was requested or, if none can be read, of the first.
        """
        state = await self._in_thread()
        if state is None:
            assert self._unread is not None
            raise self._unread
        for name in sorted(self._names - state.endpoints.keys() - state.broken.keys()):
            raise NotFound(f"there is no endpoint '{name}' to serve", Hint("endpoint list"))
        if state.broken and (self._names or not state.endpoints):
            raise next(iter(state.broken.values()))
        return state

    async def next(self) -> BranchState | None:
        """The state after the head has moved; None if it has not, or if it cannot be read."""
        try:
            return await self._in_thread()
        except RegoloError as error:
            self.problem = f"the branch is not followed: {error.message}"
            return None

    def close(self) -> None:
        """Stops reading."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self) -> BranchState | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> BranchState | None:
        try:
            head = self._source.head()
            state = self._read(head) if head != self.head else None
        except OSError as error:
            raise TransportError(f"cannot read the registry: {error}") from error
        # The branch may have been missing for a while; a problem of its head is still there.
        self.problem = self._problem_of_head
        return state

    def _read(self, head: str) -> BranchState | None:
        try:
            found = self._source.endpoints(head)
        except RegoloError as error:
            # Remembered, so that it is read once and not four times a second.
            self.head, self._unread = head, error
            self._problem_of_head = f"commit {head} is ignored: {error.message}"
            return None
        self.head = head
        ours = {name: each for name, each in found.by_name.items() if each.engine == LOCAL}
        broken = {endpoint_of(path) or path: error for path, error in found.broken.items()}
        state = BranchState(head, self._asked_for(ours), self._asked_for(broken))
        self._problem_of_head = _problem(state.broken)
        return state

    def _asked_for(self, found: Mapping[str, Value]) -> dict[str, Value]:
        return {name: value for name, value in found.items() if not self._names or name in self._names}


def _problem(broken: Mapping[str, RegoloError]) -> str | None:
    words = [f"endpoint '{name}' is not followed: {error.message}" for name, error in broken.items()]
    return "; ".join(words) or None
