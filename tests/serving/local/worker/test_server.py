"""A worker's connections and turns, without a process: one prediction at a time, and none for who has left."""

import asyncio
import json
import mmap
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from regolo_git.serving.local.turn_log import SIZE, TurnLog
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.call import Call, Signature
from regolo_git.serving.local.worker.server import WorkerServer

HEALTH = b"GET /v2/health/ready HTTP/1.1\r\nHost: w\r\n\r\n"
Open = Callable[[], Awaitable["Client"]]
Use = Callable[[Open, WorkerServer], Awaitable[None]]


class Model:
    """Answers by a function."""

    def __init__(self, function: Callable[[Call], object]) -> None:
        self._function = function

    def predict(self, call: Call) -> object:
        return self._function(call)

    def signature(self) -> Signature:
        return Signature("test")


class Client:
    """A connection to the worker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, *inputs: object, version: str = "1.1", more: str = "") -> None:
        body = json.dumps({"inputs": inputs})
        self.writer.write(
            f"POST /invocations HTTP/{version}\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode()
        )

    async def answer(self) -> tuple[int, object]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return int(head.split()[1]), json.loads(await self.reader.readexactly(length))

    async def is_closed(self) -> bool:
        return await self.reader.read(1) == b""

    def leave(self) -> None:
        self.writer.transport.abort()


def with_server(function: Callable[[Call], object], use: Use, *, drain_seconds: float = 20) -> None:
    async def run() -> None:
        server = WorkerServer(WorkerApp(Model(function), TurnLog(mmap.mmap(-1, SIZE))))
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "http.sock")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            serving = asyncio.create_task(server.serve(listener, drain_seconds))

            async def opened() -> Client:
                return Client(*await asyncio.open_unix_connection(path))

            async with asyncio.timeout(30):
                await use(opened, server)
                server.stop()
                await serving

    asyncio.run(run())


def echo(call: Call) -> object:
    return call.plain()


def test_a_connection_takes_one_request_after_another() -> None:
    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        for number in range(3):
            client.send(number)
            assert await client.answer() == (200, {"predictions": [number]})
        client.writer.write(HEALTH)
        assert await client.answer() == (200, {})
        client.leave()

    with_server(echo, use)


def test_a_large_body_and_one_in_pieces_arrive_whole() -> None:
    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        numbers = list(range(300_000))
        client.send(*numbers)
        assert await client.answer() == (200, {"predictions": numbers})
        client.writer.write(b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b'{"inputs"', b": [1]}", b""):
            client.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        assert await client.answer() == (200, {"predictions": [1]})
        client.leave()

    with_server(echo, use)


@pytest.mark.parametrize(("version", "more"), [("1.1", "Connection: close\r\n"), ("1.0", "")])
def test_who_wants_one_answer_is_hung_up_on_after_it(version: str, more: str) -> None:
    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(1, version=version, more=more)
        assert await client.answer() == (200, {"predictions": [1]})
        assert await client.is_closed()

    with_server(echo, use)


def test_what_is_not_http_is_refused() -> None:
    async def use(opened: Open, _: WorkerServer) -> None:
        for sent in (b"\x00\x01\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
            client = await opened()
            client.writer.write(sent)
            assert (await client.answer())[0] == 400
            assert await client.is_closed()

    with_server(echo, use)


def test_a_request_before_the_answer_to_the_last_ends_the_connection() -> None:
    begun = asyncio.Event()

    async def wait(call: Call) -> object:
        begun.set()
        await asyncio.sleep(60)
        return call.plain()

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(1)
        await begun.wait()
        client.send(2)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.answer()

    with_server(wait, use)


def test_one_is_predicted_at_a_time_unless_the_model_waits_for_others() -> None:
    all_run = asyncio.Barrier(5)

    async def wait(call: Call) -> object:
        await all_run.wait()
        return call.plain()

    async def use(opened: Open, _: WorkerServer) -> None:
        clients = [await opened() for _ in range(5)]
        for client in clients:
            client.send(1)
        assert [await client.answer() for client in clients] == [(200, {"predictions": [1]})] * 5

    with_server(wait, use)
    with_server(echo, use)


def test_a_slow_model_is_not_called_for_who_has_left_and_health_is_answered_between() -> None:
    calls: list[object] = []
    order: list[str] = []

    def slow(call: Call) -> object:
        time.sleep(0.05)
        calls.append(call.plain())
        order.append("prediction")
        return call.plain()

    async def health(client: Client) -> None:
        client.writer.write(HEALTH)
        assert await client.answer() == (200, {})
        order.append("health")

    async def use(opened: Open, _: WorkerServer) -> None:
        clients = [await opened() for _ in range(4)]
        # The first shows that the model is slow.
        for number, client in enumerate(clients):
            client.send(number)
            if number == 0:
                await client.answer()
        asking = asyncio.create_task(health(await opened()))
        clients[2].leave()
        assert await clients[1].answer() == (200, {"predictions": [1]})
        assert await clients[3].answer() == (200, {"predictions": [3]})
        await asking

    with_server(slow, use)
    assert calls == [[0], [1], [3]]
    assert order.index("health") < 3


def test_a_coroutine_ends_when_its_caller_leaves() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(_: Call) -> object:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.set()
            raise
        return None

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(1)
        await begun.wait()
        client.leave()
        await ended.wait()

    with_server(wait, use)


def test_a_coroutine_that_cancels_itself_is_a_failure() -> None:
    async def leave(_: Call) -> object:
        raise asyncio.CancelledError

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(1)
        assert (await client.answer())[0] == 500

    with_server(leave, use)


def test_the_end_waits_for_what_is_under_way_and_closes_the_rest() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait(call: Call) -> object:
        begun.set()
        await go.wait()
        return call.plain()

    async def use(opened: Open, server: WorkerServer) -> None:
        idle, busy = await opened(), await opened()
        busy.send(1)
        await begun.wait()
        server.stop()
        assert await idle.is_closed()
        go.set()
        assert await busy.answer() == (200, {"predictions": [1]})
        assert await busy.is_closed()

    with_server(wait, use)


def test_the_end_waits_only_so_long() -> None:
    begun = asyncio.Event()

    async def wait(_: Call) -> object:
        begun.set()
        await asyncio.sleep(60)
        return None

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(1)
        await begun.wait()

    with_server(wait, use, drain_seconds=0.1)


# -- answers that a model yields ---------------------------------------------------------------------------


async def _pieces(client: Client) -> list[bytes]:
    """The pieces of an answer to its end; what a broken one lacks is an IncompleteReadError."""
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    pieces = []
    while size := int(await client.reader.readuntil(b"\r\n"), 16):
        pieces.append((await client.reader.readexactly(size + 2))[:-2])
    await client.reader.readexactly(2)
    return pieces


def test_a_yielded_answer_is_one_turn_and_the_health_is_known_meanwhile() -> None:
    closed, busy = [], []

    def predict(call: Call) -> object:
        def items() -> Iterator[object]:
            try:
                for item in call.rows or []:
                    yield item
                    while item == "hold" and busy:
                        yield "more"
            finally:
                closed.append(call.rows)

        return items()

    async def use(opened: Open, _: WorkerServer) -> None:
        busy.append(1)
        first, second, third = await opened(), await opened(), await opened()
        first.send("hold", "end")
        await first.reader.readuntil(b'"more"')
        second.send("next")
        third.writer.write(HEALTH)
        assert await third.answer() == (200, {})
        assert closed == []
        busy.clear()
        assert await _pieces(second) == [b'"next"\n']
        assert closed == [["hold", "end"], ["next"]]
        # Its connection is used again.
        second.send("again", "and again")
        assert await _pieces(second) == [b'"again"\n', b'"and again"\n']

    with_server(predict, use)


@pytest.mark.parametrize("later", [False, True], ids=["function", "coroutine"])
def test_who_leaves_in_the_middle_ends_what_is_yielded(later: bool) -> None:
    closed: list[object] = []

    def predict(call: Call) -> object:
        def items() -> Iterator[object]:
            try:
                while True:
                    yield call.rows
            finally:
                closed.append(call.rows)

        async def items_later() -> AsyncIterator[object]:
            try:
                while True:
                    yield call.rows
                    await asyncio.sleep(0)
            finally:
                closed.append(call.rows)

        return items_later() if later else items()

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send("endless")
        await client.reader.readuntil(b"endless")
        client.leave()
        while not closed:
            await asyncio.sleep(0.001)

    with_server(predict, use)


def test_a_value_that_cannot_be_written_breaks_a_stream_off() -> None:
    def predict(call: Call) -> object:
        yield 1
        yield from call.rows or []
        yield object()

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send(2)
        with pytest.raises(asyncio.IncompleteReadError):
            await _pieces(client)

    with_server(predict, use)


def test_nothing_yielded_is_an_empty_answer() -> None:
    def predict(call: Call) -> object:
        yield from call.rows or []

    async def use(opened: Open, _: WorkerServer) -> None:
        client = await opened()
        client.send()
        assert await _pieces(client) == []

    with_server(predict, use)
