"""Requests in line: one at a time for a worker that predicts one at a time, in the order in which they came."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from regolo_git.serving.local.gateway.line import Line
from regolo_git.serving.local.gateway.upstream import Upstream
from regolo_git.serving.local.turn_log import NUMBER, STARTED, TurnLog
from regolo_git.serving.traffic.routing_table import Replica

Use = Callable[[Line, TurnLog], Awaitable[None]]


@pytest.fixture
def with_line(tmp_path: Path) -> Callable[[Use], None]:
    """Runs a test with a line of one worker, and that worker's end of its log."""

    def run(use: Use) -> None:
        async def inside() -> None:
            log = TurnLog.create(tmp_path)
            upstream = Upstream(Replica("w", str(tmp_path / "http.sock")))
            line = Line()
            line.upstreams, upstream.lines = (upstream,), (line,)
            await use(line, log)
            await upstream.close()

        asyncio.run(inside())

    return run


def slow_turn(log: TurnLog) -> None:
    """Makes the worker one whose turns are not quick."""
    for _ in range(2):
        long_turn(log)
        log.end_turn()


def long_turn(log: TurnLog) -> None:
    """Lets the worker be busy for a second."""
    log.start_turn()
    log._started -= 10**9
    NUMBER.pack_into(log._mapped, STARTED, log._started)


def test_a_slow_worker_is_given_one_request_at_a_time_in_order(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        slow_turn(log)
        upstream = line.take((), has_waited=False)
        assert upstream is not None
        assert line.take((), has_waited=False) is None
        waiting = [asyncio.create_task(line.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting:
            assert not task.done()
            upstream.give_back()
            assert await task is upstream
        upstream.give_back()
        assert upstream.is_free

    with_line(use)


def test_a_quick_worker_is_given_many(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, _: TurnLog) -> None:
        assert all(line.take((), has_waited=False) for _ in range(5))

    with_line(use)


def test_a_worker_in_a_long_turn_is_given_no_more(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        assert line.take((), has_waited=False)
        log.start_turn()
        assert line.take((), has_waited=False)
        long_turn(log)
        assert line.take((), has_waited=False) is None

    with_line(use)


def test_who_leaves_the_line_leaves_the_worker_to_the_next(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        slow_turn(log)
        upstream = line.take((), has_waited=False)
        assert upstream is not None
        first, second, third = (asyncio.create_task(line.wait()) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        upstream.give_back()  # the second has it, and leaves before it knows
        second.cancel()
        assert await third is upstream

    with_line(use)


def test_nobody_overtakes_those_in_line(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        slow_turn(log)
        upstream = line.take((), has_waited=False)
        assert upstream is not None
        waiting = asyncio.create_task(line.wait())
        await asyncio.sleep(0)
        upstream.give_back()
        assert line.take((), has_waited=False) is None
        assert await waiting is upstream

    with_line(use)


def test_a_worker_that_broke_a_connection_is_offered_a_moment_later(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, _: TurnLog) -> None:
        upstream = line.upstreams[0]
        upstream.broke()
        assert line.take((), has_waited=False) is None
        assert await asyncio.wait_for(line.wait(), 10) is upstream

    with_line(use)


def test_what_a_stuck_worker_has_not_begun_is_taken_back(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        (upstream,) = line.upstreams
        taken: list[int] = []
        for number in (1, 2, 3):
            assert line.take((), has_waited=False) is upstream
            upstream.send(number, lambda number=number: taken.append(number))
        log.start_turn()
        assert log.begin(1)
        async with asyncio.timeout(20):
            while len(taken) < 2:
                await asyncio.sleep(0.01)
        assert taken[:2] == [2, 3]
        assert not log.begin(2)

    with_line(use)


def test_lines_of_the_same_workers_have_their_turns(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        slow_turn(log)
        other = Line()
        (upstream,) = line.upstreams
        other.upstreams, upstream.lines = (upstream,), (line, other)
        assert line.take((), has_waited=False) is upstream
        first = [asyncio.create_task(line.wait()) for _ in range(5)]
        second = [asyncio.create_task(other.wait()) for _ in range(5)]
        await asyncio.sleep(0)
        for _ in range(6):
            upstream.give_back()
            await asyncio.sleep(0)
        assert [sum(task.done() for task in tasks) for tasks in (first, second)] == [3, 3]
        for task in (*first, *second):
            task.cancel()

    with_line(use)


def test_a_worker_that_joins_requests_is_given_those_of_its_next_call_ahead(
    with_line: Callable[[Use], None],
) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        log.allow_joined(4)
        log.start_turn()
        assert [line.take((), has_waited=False) is not None for _ in range(9)] == [True] * 8 + [False]

    with_line(use)


def test_a_slow_worker_that_joins_requests_is_given_a_call_of_them_between_its_turns(
    with_line: Callable[[Use], None],
) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        log.allow_joined(4)
        slow_turn(log)
        assert [line.take((), has_waited=False) is not None for _ in range(5)] == [True] * 4 + [False]
        long_turn(log)
        (upstream,) = line.upstreams
        waiting = [asyncio.create_task(line.wait()) for _ in range(5)]
        await asyncio.sleep(0)
        upstream.give_back()
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        log.end_turn()
        for _ in range(3):
            upstream.give_back()
        await asyncio.sleep(0)
        assert [task.done() for task in waiting] == [True] * 4 + [False]
        waiting[4].cancel()

    with_line(use)


def test_a_worker_whose_model_is_a_coroutine_is_given_many(with_line: Callable[[Use], None]) -> None:
    async def use(line: Line, log: TurnLog) -> None:
        slow_turn(log)
        log.allow_any()
        log.start_turn()
        assert all(line.take((), has_waited=False) for _ in range(5))

    with_line(use)
