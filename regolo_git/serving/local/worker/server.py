"""The server of a worker: the order in which its model answers requests, and its end.

The model is called in the event loop itself: a worker predicts one request at a time, and a thread would cost
more than it gains.  Replicas are how a version does more at once.

Requests wait in a queue, and between slow ones the loop reads its sockets.  Otherwise a worker with a long
queue would fail its health check, and would predict for callers who have left.
"""

import asyncio
import socket
from collections import deque
from functools import partial

from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.application import WorkerApp, Yielded
from regolo_git.serving.local.worker.http_protocol import Request, WorkerConnection
from regolo_git.serving.local.worker.joined_turns import JoinedTurns
from regolo_git.serving.local.worker.rounds import QUICK_SECONDS, ROUNDS, after_rounds
from regolo_git.serving.local.worker_orders import STOP_SIGNAL

LOOK_SECONDS = 0.05


class WorkerServer:
    """Serves one model; requests that may be joined have their own `turns`."""

    def __init__(self, app: WorkerApp, turns: JoinedTurns | None = None) -> None:
        self._app = app
        self._turns = turns
        self._connections: set[WorkerConnection] = set()
        self._waiting: deque[tuple[WorkerConnection, Request]] = deque()
        self._is_going_on = self._is_streaming = False
        self._stopping = asyncio.Event()

    async def serve(self, listener: socket.socket, drain_seconds: float) -> None:
        """Answers requests until STOP_SIGNAL, and then what is under way, for at most `drain_seconds`."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(STOP_SIGNAL, self.stop)
        server = await loop.create_unix_server(lambda: WorkerConnection(self), sock=listener)
        await self._stopping.wait()
        server.close()
        end = loop.time() + drain_seconds
        while self._connections and loop.time() < end:
            # Again each time: one may just have been accepted.
            for connection in list(self._connections):
                connection.retire()
            await asyncio.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Has `serve` end."""
        self._stopping.set()

    # -- called by the connections ------------------------------------------------------------------------

    def opened(self, connection: WorkerConnection) -> None:
        """Notes a connection."""
        self._connections.add(connection)

    def lost(self, connection: WorkerConnection) -> None:
        """Forgets a connection."""
        self._connections.discard(connection)

    def arrived(self, connection: WorkerConnection, request: Request) -> None:
        """Answers a request: at once if it is not a prediction or is the only one, otherwise in its turn."""
        if not self._app.is_prediction(request):
            connection.answer(self._app.page(request.path))
        elif self._turns is not None:
            self._turns.arrived(connection, request)
        elif self._is_going_on or self._is_streaming or self._app.took > QUICK_SECONDS:
            self._waiting.append((connection, request))
            self._go_on()
        else:
            self._answer(connection, request)

    # -- turns --------------------------------------------------------------------------------------------

    def _answer(self, connection: WorkerConnection, request: Request) -> None:
        answer = self._app.predict(request)
        if isinstance(answer, HttpAnswer):
            connection.answer(answer)
        elif isinstance(answer, Yielded):
            self._is_streaming = True
            connection.answer_later(answer.answer, partial(self._end_stream, answer))
        else:
            connection.answer_later(answer)

    def _end_stream(self, answer: Yielded) -> None:
        answer.end()
        self._is_streaming = False
        if self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        if not self._is_going_on and not self._is_streaming:
            self._is_going_on = True
            after_rounds(1 + (ROUNDS if self._app.took > QUICK_SECONDS else 0), self._next)

    def _next(self) -> None:
        """Answers the first in the queue whose caller is still there."""
        while self._waiting:
            connection, request = self._waiting.popleft()
            if not connection.is_gone:
                self._answer(connection, request)
                break
        self._is_going_on = False
        if self._waiting:
            self._go_on()
