"""The order in which a model answers requests that may be joined: first come, with those that fit it.

While the model is busy, requests gather, and all that fit together are the next call.  Waiting for more is
worth it only while others are expected: as many as there were around the last call.  So one caller alone is
answered at once, and one who has left is waited for once.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from regolo_git.records.serving_block import Batch
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.application import TAKEN_BACK
from regolo_git.serving.local.worker.http_protocol import Request, WorkerConnection
from regolo_git.serving.local.worker.joined_call import Answer, Asked, JoinedCalls
from regolo_git.serving.local.worker.rounds import QUICK_SECONDS, ROUNDS, after_rounds

# The bodies of one call together; a larger one is called by itself.
MOST_BYTES = 16 << 20
# One iteration of the loop reads what has arrived, the one before ends what is under way.
READING = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A request that was read, and its connection."""

    connection: WorkerConnection
    request: Request
    asked: Asked


class JoinedTurns:
    """The turns of one model."""

    def __init__(self, calls: JoinedCalls, batch: Batch) -> None:
        self._calls = calls
        self._batch = batch
        self._waiting: deque[_Waiting] = deque()
        # Parts of a call that failed, which are called before all others.
        self._parts: deque[Sequence[_Waiting]] = deque()
        self._expected = 1
        self._is_going_on = False
        self._timer: asyncio.TimerHandle | None = None

    def arrived(self, connection: WorkerConnection, request: Request) -> None:
        """Answers a request in its turn; one that cannot be read at once."""
        asked = self._calls.read(request)
        if isinstance(asked, HttpAnswer):
            connection.answer(asked)
            return
        self._waiting.append(_Waiting(connection, request, asked))
        if self._timer is not None:
            if self._is_enough():
                self._timer.cancel()
                self._next()
        elif not self._is_going_on:
            self._is_going_on = True
            after_rounds(self._rounds, self._decide)

    @property
    def _rounds(self) -> int:
        return ROUNDS if self._calls.took > QUICK_SECONDS else READING

    def _decide(self) -> None:
        """Calls the model with what is there, or waits for more."""
        if self._parts or self._is_enough():
            self._next()
        elif self._waiting:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._batch.wait_ms / 1000, self._next)
        else:
            self._is_going_on = False

    def _is_enough(self) -> bool:
        """Whether as many requests are there as can be expected to be joined."""
        fitting, is_full = self._fitting()
        return bool(fitting) and (is_full or len(fitting) >= self._expected)

    def _fitting(self) -> tuple[list[_Waiting], bool]:
        """The first in the queue and those that fit it, and whether no more would."""
        while self._waiting and self._waiting[0].connection.is_gone:
            self._waiting.popleft()
        if not self._waiting:
            return [], False
        first = self._waiting[0]
        found, rows, size = [first], first.asked.rows, len(first.request.body)
        if first.asked.key is None or rows >= self._batch.max:
            return found, True
        for other in list(self._waiting)[1:]:
            if other.asked.key != first.asked.key or other.connection.is_gone:
                continue
            rows, size = rows + other.asked.rows, size + len(other.request.body)
            if rows > self._batch.max or size > MOST_BYTES:
                return found, True
            found.append(other)
        return found, rows + first.asked.rows > self._batch.max

    def _next(self) -> None:
        self._timer = None
        group = self._begun()
        answers = self._calls.predict([waiting.asked for waiting in group]) if group else []
        # What has arrived during the call is read before the answers let their callers ask again.
        after_rounds(READING, lambda: self._answer(group, answers))

    def _begun(self) -> Sequence[_Waiting]:
        """The requests of the next call, whose callers are still there."""
        if self._parts:
            return [waiting for waiting in self._parts.popleft() if not waiting.connection.is_gone]
        group, _ = self._fitting()
        taken = set(group)
        self._waiting = deque(waiting for waiting in self._waiting if waiting not in taken)
        begun = []
        for waiting in group:
            if waiting.connection.is_gone:
                continue
            if self._calls.begin(waiting.request):
                begun.append(waiting)
            else:
                waiting.connection.answer(TAKEN_BACK)
        return begun

    def _answer(self, group: Sequence[_Waiting], answers: Sequence[Answer] | None) -> None:
        if answers is None:
            # One of them is found by calling each half; its neighbours are answered.
            middle = len(group) // 2
            self._parts.extendleft((group[middle:], group[:middle]))
        else:
            if group:
                self._expected = len(group) + self._like(group[0])
            for waiting, answer in zip(group, answers, strict=True):
                _send(waiting.connection, answer)
        self._decide()

    def _like(self, called: _Waiting) -> int:
        """How many of those who wait could have been in a call, too."""
        key = called.asked.key
        return sum(waiting.asked.key == key for waiting in self._waiting) if key is not None else 0


def _send(connection: WorkerConnection, answer: Answer) -> None:
    if isinstance(answer, HttpAnswer):
        connection.answer(answer)
    else:
        connection.answer_later(answer)
