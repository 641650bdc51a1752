"""Shadows: versions that get copies of requests, whose answers are counted, compared and dropped.

No caller may notice one.  A copy is made once the caller's own answer is there; it waits, in a queue of its
own that is bounded in number and bytes, until a worker of the shadow has nothing else to do, and is dropped,
and counted as such, when the shadow is behind.  It passes the same way to the worker as any request does, so
a shadow that crashes, hangs or is taken back is nothing special.
"""

import asyncio
import random
import time
from collections import deque
from typing import NamedTuple

from regolo_git.serving.local.gateway.forwarding import Forwarder, Prediction
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.streamed import Streamed
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.metrics.counts import DROPPED, Key, Recorder, outcome_of
from regolo_git.serving.traffic.agreement import MOST_BYTES, agreement

# The copies that one shadow may have waiting, and under way at once.
MOST_WAITING = 64
MOST_AT_ONCE = 16
# The requests that all copies of a gateway may hold.
MOST_HELD_BYTES = 16 << 20
# A free worker is looked for: to wait in line would be to take the turn of somebody who asks for the version.
LOOK_SECONDS = 0.01


class NoCaller:
    """The connection of a copy, which nobody waits for."""

    is_doubtful = False


class Copy(NamedTuple):
    """A request to repeat, and the answer that was served, if it can be compared."""

    prediction: Prediction
    served: bytes | None
    since: float

    @property
    def size(self) -> int:
        return len(self.prediction.body) + len(self.served or b"")


class Shadows:
    """The shadows of a gateway, by endpoint and version."""

    def __init__(self, table: LiveTable, forwarder: Forwarder, recorder: Recorder) -> None:
        self.held = 0
        self._table = table
        self._forwarder = forwarder
        self._recorder = recorder
        self._queues: dict[Key, _Queue] = {}

    def offer(
        self, live: LiveRoute, prediction: Prediction, served_by: str, answer: HttpAnswer | Streamed
    ) -> None:
        """Copies an answered request to the shadows whose share it falls in, but not to its own version."""
        for version, share in live.shadows:
            if version != served_by and random.random() < share:
                self._add((prediction.endpoint, version), _copy(prediction, answer))

    def _add(self, key: Key, copy: Copy) -> None:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(self, key)
        if len(queue.waiting) >= MOST_WAITING or self.held + copy.size > MOST_HELD_BYTES:
            self.drop(key)
            return
        self.held += copy.size
        queue.add(copy)

    async def end(self) -> None:
        """Drops the copies that are waiting or under way."""
        await asyncio.gather(*(queue.end() for queue in self._queues.values()))

    def drop(self, key: Key) -> None:
        """Counts a copy that its shadow never got, or not to the end."""
        self._recorder.record_copy(*key, DROPPED, 0.0)

    def live(self, key: Key) -> LiveRoute | None:
        """The route of a shadow; None if it is none any more."""
        live = self._table.routes.get(key[0])
        return live if live is not None and any(key[1] == version for version, _ in live.shadows) else None

    async def ask(self, key: Key, copy: Copy) -> None:
        """Has the shadow answer, and counts and compares that."""
        begun = time.perf_counter()
        # A larger answer is not compared, and to receive it would take the time of callers.
        answer = await self._forwarder.forward(copy.prediction, key[1], whole_bytes=MOST_BYTES)
        seconds = time.perf_counter() - begun
        if answer is None:
            self.drop(key)
            return
        agrees = None
        if isinstance(answer, Streamed):
            answer.drop()
        elif copy.served is not None and _is_comparable(answer):
            agrees = agreement(copy.served, answer.body, is_v2=copy.prediction.is_v2)
        self._recorder.record_copy(*key, outcome_of(answer.status), seconds, agrees=agrees)


class _Queue:
    """The copies for one shadow; a task works on them while there are some."""

    def __init__(self, shadows: Shadows, key: Key) -> None:
        self.waiting: deque[Copy] = deque()
        self._shadows = shadows
        self._key = key
        self._task: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def add(self, copy: Copy) -> None:
        self.waiting.append(copy)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def end(self) -> None:
        tasks = [task for task in (self._task, *self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        while self.waiting:
            self._drop(self.waiting.popleft())
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while self.waiting:
            # The caller's answer is sent first, also where the shadow has a worker that is free.
            await asyncio.sleep(0)
            live, since = self._shadows.live(self._key), self.waiting[0].since
            is_late = live is None or time.monotonic() - since > live.routing.timeout_seconds
            if live is None or is_late or not live.lines[self._key[1]].upstreams:
                self._drop(self.waiting.popleft())
            elif len(self._asking) < MOST_AT_ONCE and live.lines[self._key[1]].has_free:
                task = asyncio.get_running_loop().create_task(self._ask(self.waiting.popleft()))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self, copy: Copy) -> None:
        try:
            await self._shadows.ask(self._key, copy)
        except asyncio.CancelledError:
            self._shadows.drop(self._key)
            raise
        finally:
            self._shadows.held -= copy.size

    def _drop(self, copy: Copy) -> None:
        self._shadows.held -= copy.size
        self._shadows.drop(self._key)


def _copy(prediction: Prediction, answer: HttpAnswer | Streamed) -> Copy:
    served = answer.body if isinstance(answer, HttpAnswer) and _is_comparable(answer) else None
    return Copy(prediction._replace(caller=NoCaller()), served, time.monotonic())


def _is_comparable(answer: HttpAnswer) -> bool:
    """Whether an answer is a prediction in JSON that is not too large to compare."""
    is_json = answer.media_type.partition(b";")[0].strip().lower() == b"application/json"
    return answer.status < 400 and is_json and len(answer.body) <= MOST_BYTES
