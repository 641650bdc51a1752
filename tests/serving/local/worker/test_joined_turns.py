"""Requests that wait are one call: which ones, in which order, and what becomes of those that fail or leave."""

import asyncio
import json
import mmap
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.records.serving_block import Batch
from regolo_git.serving.local.turn_log import SIZE, TurnLog
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.call import Call, Signature
from regolo_git.serving.local.worker.joined_call import JoinedCalls
from regolo_git.serving.local.worker.joined_turns import JoinedTurns
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker.server import WorkerServer

LONG = 500  # as long as a worker may wait, so that a test sees it
HEALTH = b"GET /v2/health/ready HTTP/1.1\r\nHost: w\r\n\r\n"


class Model(RowModel):
    """Notes the rows of each call, and answers each with its double; `bad` fails all, `late` only alone."""

    def __init__(self, *, awaits: bool = False) -> None:
        self.calls: list[Any] = []
        self._awaits = awaits

    def prepare(self, call: Call) -> object:
        if call.plain() == ["refused"]:
            raise InvalidInput("refused")
        return call.plain()

    def run(self, argument: Any, _: Mapping[str, Json]) -> object:
        rows = argument if isinstance(argument, list) else next(iter(argument.values()))
        self.calls.append(rows)
        if "bad" in rows:
            raise InvalidInput("bad") if rows == ["bad"] else RuntimeError("bad")
        if "exit" in rows:
            raise SystemExit
        if "sum" in rows:
            return "all"
        if "await" in rows:
            return _later(rows)
        return [row * 2 for row in rows]

    def signature(self) -> Signature:
        return Signature("test", awaits=self._awaits)


async def _later(rows: list[Any]) -> list[Any]:
    await asyncio.sleep(0)
    return rows


class Caller:
    """A connection that sends requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, *rows: object, headers: str = "", **body: object) -> "Caller":
        text = json.dumps({"inputs": rows, **body})
        self._writer.write(
            f"POST /invocations HTTP/1.1\r\n{headers}Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        return self

    def look(self) -> "Caller":
        self._writer.write(HEALTH)
        return self

    async def answer(self) -> tuple[int, Any]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        content = json.loads(await self._reader.readexactly(length))
        return int(head.split()[1]), content.get("predictions", content.get("error_code"))

    def leave(self) -> None:
        self._writer.transport.abort()


Opened = Callable[[int], Awaitable[list[Caller]]]
Use = Callable[[Opened, Model, TurnLog], Awaitable[None]]


def with_worker(use: Use, *, most: int = 4, wait_ms: int = 0) -> None:
    async def run() -> None:
        model, log, batch = Model(), TurnLog(mmap.mmap(-1, SIZE)), Batch(most, wait_ms)
        app = WorkerApp(model, log)
        server = WorkerServer(app, JoinedTurns(JoinedCalls.of(app, batch.max), batch))
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "http.sock")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            serving = asyncio.create_task(server.serve(listener, 20))

            async def opened(count: int) -> list[Caller]:
                callers = [Caller(*await asyncio.open_unix_connection(path)) for _ in range(count)]
                for caller in callers:
                    # Otherwise they may be accepted in two iterations of the loop.
                    assert (await caller.look().answer())[0] == 200
                return callers

            async with asyncio.timeout(30):
                await use(opened, model, log)
                server.stop()
                await serving

    asyncio.run(run())


async def answers(callers: list[Caller]) -> list[tuple[int, Any]]:
    return [await caller.answer() for caller in callers]


async def turns_of_the_loop() -> None:
    """Lets the worker read what was sent, without a time that a busy machine may be late for."""
    for _ in range(30):
        await asyncio.sleep(0)


def test_requests_that_wait_are_one_call_up_to_its_rows_in_their_order() -> None:
    async def use(opened: Opened, model: Model, _: TurnLog) -> None:
        callers = await opened(4)
        callers[0].send("a")
        callers[1].send("b", "c")
        callers[2].send("d", "e")
        callers[3].send("f")
        expected = [(200, ["aa"]), (200, ["bb", "cc"]), (200, ["dd", "ee"]), (200, ["ff"])]
        assert await answers(callers) == expected
        assert model.calls == [["a", "b", "c"], ["d", "e", "f"]]
        callers[0].send(*"abcdef")
        assert await callers[0].answer() == (200, ["aa", "bb", "cc", "dd", "ee", "ff"])

    with_worker(use)


def test_only_requests_of_one_form_are_joined() -> None:
    async def use(opened: Opened, model: Model, _: TurnLog) -> None:
        callers = await opened(6)
        for caller, rows in zip(callers, ([1], [1.5], [2], ["a"], [3]), strict=False):
            caller.send(*rows)
        callers[5].send(4, headers="x-regolo-alone: 1\r\n")
        assert await answers(callers) == [(200, [v]) for v in (2, 3.0, 4, "aa", 6, 8)]
        assert model.calls == [[1, 2, 3], [1.5], ["a"], [4]]
        model.calls.clear()
        callers[0].send(1, params={"p": 1})
        callers[1].send(2, params={"p": 1.0})
        callers[2].send(3, params={"p": 1})
        assert await answers(callers[:3]) == [(200, [v]) for v in (2, 4, 6)]
        assert model.calls == [[1, 3], [2]]

    with_worker(use)


def test_a_request_that_makes_a_call_fail_is_found_and_its_neighbours_are_answered() -> None:
    async def use(opened: Opened, model: Model, log: TurnLog) -> None:
        callers = await opened(8)
        for caller, row in zip(callers, ["a", "b", "bad", "c", "exit", "refused", "d", "sum"], strict=True):
            caller.send(row)
        found = await answers(callers)
        assert [status for status, _ in found] == [200, 200, 400, 200, 500, 400, 200, 200]
        assert [value for status, value in found if status == 200] == [["aa"], ["bb"], ["cc"], ["dd"], "all"]
        assert log.state().started == 0

    with_worker(use, most=8)


def test_one_caller_is_not_waited_for() -> None:
    async def use(opened: Opened, model: Model, _: TurnLog) -> None:
        (caller,) = await opened(1)
        loop = asyncio.get_running_loop()
        timers: list[float] = []
        later = loop.call_later
        loop.call_later = lambda delay, *rest, **more: (timers.append(delay), later(delay, *rest, **more))[1]  # type: ignore[method-assign]
        for number in range(5):
            assert await caller.send(number).answer() == (200, [2 * number])
        assert LONG / 1000 not in timers

    with_worker(use, wait_ms=LONG)


def test_callers_who_ask_in_a_row_are_waited_for_until_one_leaves() -> None:
    async def use(opened: Opened, model: Model, _: TurnLog) -> None:
        first, second, third = await opened(3)
        first.send("a")
        second.send("b")
        assert await answers([first, second]) == [(200, ["aa"]), (200, ["bb"])]
        first.send("c")
        # The worker waits now, and answers what is not a prediction.
        assert (await third.look().answer())[0] == 200
        assert model.calls == [["a", "b"]]
        second.send("d")
        assert await answers([first, second]) == [(200, ["cc"]), (200, ["dd"])]
        assert model.calls == [["a", "b"], ["c", "d"]]
        second.leave()
        assert await first.send("e").answer() == (200, ["ee"])
        assert await first.send("f").answer() == (200, ["ff"])
        assert model.calls[2:] == [["e"], ["f"]]
        third.leave()

    with_worker(use, wait_ms=LONG)


def test_who_has_left_or_was_taken_back_is_not_predicted_for() -> None:
    async def use(opened: Opened, model: Model, log: TurnLog) -> None:
        callers = await opened(3)
        for caller in callers[:2]:
            caller.send("a")
        await answers(callers[:2])
        model.calls.clear()
        callers[0].send("left")
        await turns_of_the_loop()
        callers[0].leave()
        await turns_of_the_loop()
        assert log.take_back(7, log.begun)
        callers[1].send("taken back", headers="x-regolo-request: 7\r\n")
        callers[2].send("b", headers="x-regolo-request: 8\r\n")
        assert (await callers[1].answer())[0] == 503
        assert await callers[2].answer() == (200, ["bb"])
        assert model.calls == [["b"]]
        assert log.has_begun(8, 0)

    with_worker(use, wait_ms=LONG)


def test_a_model_that_returns_a_coroutine_answers_each_alone() -> None:
    async def use(opened: Opened, model: Model, log: TurnLog) -> None:
        callers = await opened(2)
        for caller in callers:
            caller.send("await")
        assert await answers(callers) == [(200, ["await"])] * 2
        assert log.state().awaits

    with_worker(use)


def test_a_model_that_cannot_be_joined_is_refused() -> None:
    log = TurnLog(mmap.mmap(-1, SIZE))
    with pytest.raises(ServingError, match="is for a model that is a function"):
        JoinedCalls.of(WorkerApp(Model(awaits=True), log), 4)
    calls = JoinedCalls.of(WorkerApp(Model(), log), 4)
    assert log.state().at_once == 4
    calls.check(Call(rows=["a"]))
    calls.check(Call(rows=[]))
    with pytest.raises(ServingError, match="needs an answer for each row: the model returned str for 2 rows"):
        calls.check(Call(rows=["sum"]))
