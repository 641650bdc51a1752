"""The gateway's connections to workers, and the choice between workers.

Of two random replicas, the one with fewer requests in flight is chosen: nearly as even as comparing all of
them, and it avoids a slow one without knowing why it is slow.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from regolo_git.serving.local.gateway.exchange import Client, Header, NoAnswer, WorkerAnswer
from regolo_git.serving.local.gateway.server_client import ServerClient
from regolo_git.serving.local.gateway.worker_client import WorkerClient
from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.traffic.routing_table import Replica

REST_SECONDS = 5.0
# Within this time the supervisor notices a worker's exit and sends a table without it.
DYING_SECONDS = 0.1
# A worker whose last turn was quicker is sent more before it has answered.  One that waits for the gateway
# after each answer serves a third of the echo requests on a busy machine.
QUICK_NANOSECONDS = 10_000_000
# When a turn takes longer than this, or none begins for longer than that, what was not begun is taken back.
STUCK_SECONDS = 0.05
STUCK_NANOSECONDS = 50_000_000
STALLED_SECONDS = 1.0


class Waiting(Protocol):
    """Requests that wait for a worker."""

    @property
    def waiting(self) -> Collection[object]:
        """Those who wait."""
        ...

    def offer(self, upstream: "Upstream") -> None:
        """Gives a free worker to those who wait."""
        ...


class Upstream:
    """One worker: the connections to it, and what it is busy with.

    `held` counts the requests that it has or is to predict, `answering` those whose answers are arriving.
    """

    def __init__(self, replica: Replica) -> None:
        self.name = replica.name
        self.held = 0
        self.answering = 0
        self.lines: Sequence[Waiting] = ()
        # The servers of others have none.
        is_ours = replica.address.startswith("/")
        self._log = TurnLog.of_worker(Path(replica.address).parent) if is_ours else None
        self._resting_until = 0.0
        self._dying_until = 0.0
        self._abandoned: set[asyncio.Task[None]] = set()
        self._sent: dict[int, tuple[int, Callable[[], object]]] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._seen_count = -1
        self._seen_since = 0.0
        self._client: Client = WorkerClient(replica.address) if is_ours else ServerClient(replica.address)

    # -- whether it can be used ---------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Requests that it is busy with."""
        return self.held + self.answering

    @property
    def is_free(self) -> bool:
        """Whether it can be given a request now."""
        return (not self.held or self._has_room) and not self.may_be_dying

    @property
    def _has_room(self) -> bool:
        log = self._log
        if log is None:
            return True
        return log.has_room(self.held, QUICK_NANOSECONDS, STUCK_NANOSECONDS) and not self.is_resting

    @property
    def _is_serial(self) -> bool:
        """Whether it is called with one request, or with some joined, at a time."""
        return self._log is not None and not self._log.state().awaits

    @property
    def is_resting(self) -> bool:
        """Whether it failed a moment ago, and is used only if there is no other."""
        return self._resting_until > 0.0 and self._resting_until > time.monotonic()

    @property
    def may_be_dying(self) -> bool:
        """Whether it broke a connection a moment ago, and may be about to exit."""
        return self._dying_until > 0.0 and self._dying_until > time.monotonic()

    def broke(self) -> None:
        """Notes that it broke a connection, or accepted none."""
        self._resting_until = time.monotonic() + REST_SECONDS
        self._dying_until = time.monotonic() + DYING_SECONDS
        asyncio.get_running_loop().call_later(DYING_SECONDS * 1.1, self._offer)

    def was_late(self) -> None:
        """Notes that it did not answer in time; the log of one that predicts one at a time tells more."""
        if not self._is_serial:
            self._resting_until = time.monotonic() + REST_SECONDS

    def give_back(self) -> None:
        """Ends one request: the next in line may have it."""
        self.held -= 1
        for line in self.lines:
            if line.waiting:
                self._offer()
                break

    def abandon(self, request: int) -> None:
        """Ends a request without its answer; a model that has begun it is still busy with it."""
        since, _ = self._sent.pop(request)
        if self._log is None or not self._is_serial or self._log.take_back(request, since):
            self.give_back()
        else:
            self._give_back_once_free()

    def end_stream(self, *, is_whole: bool) -> None:
        """Ends a request whose answer was a stream; of one cut off, a model may be busy with a piece."""
        if is_whole or not self._is_serial:
            self.give_back()
        else:
            self._give_back_once_free()

    def _give_back_once_free(self) -> None:
        task = asyncio.get_running_loop().create_task(self._until_free())
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)

    def _offer(self) -> None:
        # Two versions of the same content have the same workers: each is the first in turn.
        self.lines = [*self.lines[1:], *self.lines[:1]]
        for line in self.lines:
            line.offer(self)

    async def _until_free(self) -> None:
        try:
            # A worker answers only between two predictions.
            answer = await self.get("/v2/health/ready")
            await answer.read()
        except NoAnswer:
            self.broke()
        finally:
            self.give_back()

    # -- its requests -------------------------------------------------------------------------------------

    def send(self, request: int, take_back: Callable[[], object]) -> None:
        """Notes that a request is sent; `take_back` is called if the worker is stuck before it begins it."""
        log = self._log
        self._sent[request] = (log.begun if log is not None else 0, take_back)
        if self._watch is None and log is not None:
            self._seen_count = -1
            self._watch = asyncio.get_running_loop().call_later(STUCK_SECONDS, self._look)

    def answered(self, request: int) -> None:
        """Notes that a request is answered."""
        del self._sent[request]

    def failed(self, request: int) -> bool:
        """Notes that the connection of a request broke; returns whether the worker may have begun it."""
        since, _ = self._sent.pop(request)
        self.broke()
        may_have_begun = self._log is None or self._log.has_begun(request, since)
        self.give_back()
        return may_have_begun

    def _look(self) -> None:
        """Takes back what a worker has not begun that is stuck."""
        self._watch = None
        if self._log is None or not self._sent:
            return
        if self._is_stuck(self._log):
            for request, (since, take_back) in list(self._sent.items()):
                if self._log.take_back(request, since):
                    take_back()
        self._watch = asyncio.get_running_loop().call_later(STUCK_SECONDS, self._look)

    def _is_stuck(self, log: TurnLog) -> bool:
        state, now = log.state(), time.monotonic()
        busy = state.busy_seconds
        if state.awaits or state.is_streaming:
            return state.is_streaming
        if busy or state.begun != self._seen_count:
            self._seen_count, self._seen_since = state.begun, now
        elif now - self._seen_since > STALLED_SECONDS:
            # A process that is stopped, or has no memory to run in.
            self._resting_until = now + REST_SECONDS
            return True
        return busy > STUCK_SECONDS

    async def post(self, path: str, body: bytes, headers: Sequence[Header]) -> WorkerAnswer:
        """Sends a request and waits for the head of its answer.  Raises NoAnswer."""
        return await self._client.post(path, body, headers)

    async def get(self, path: str) -> WorkerAnswer:
        """Requests a page.  Raises NoAnswer."""
        return await self._client.get(path)

    async def close(self) -> None:
        for task in self._abandoned:
            task.cancel()
        await self._client.close()
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._watch is not None:
            self._watch.cancel()


def choose_upstream(upstreams: Sequence[Upstream], avoid: Collection[Upstream]) -> Upstream | None:
    """A worker for a request, preferably none of `avoid`; None if there is none."""
    fresh = [upstream for upstream in upstreams if upstream not in avoid] if avoid else upstreams
    drawn = fresh or upstreams
    if len(drawn) < 2:
        return drawn[0] if drawn else None
    first, second = random.sample(drawn, 2)
    return min(first, second, key=_burden)


def _burden(upstream: Upstream) -> tuple[bool, int]:
    return upstream.is_resting, upstream.held
