"""Buffers come round only when nobody reads them any more, and what goes wrong in a task is told."""

import threading
import time
from concurrent.futures import Future

import pytest

from regolo_git.artifacts.thread_pool import BUFFERS, ThreadPool
from regolo_git.records.recipe import CHUNK_LIMIT


def test_a_buffer_is_as_long_as_a_chunk_can_be() -> None:
    with ThreadPool(1) as pool:
        assert len(pool.buffer()) == CHUNK_LIMIT


def test_a_buffer_is_handed_out_again_when_its_tasks_are_done() -> None:
    with ThreadPool(1) as pool:
        first = pool.buffer()
        others = [pool.buffer() for _ in range(BUFFERS - 1)]
        done = threading.Event()
        pool.release(first, pool.submit(done.set))
        for buffer in others:
            pool.release(buffer)
        assert pool.buffer() is first
        assert done.is_set()


def test_tasks_in_order_run_in_order() -> None:
    seen: list[int] = []
    with ThreadPool(3) as pool:
        tasks = [pool.submit_in_order(seen.append, number) for number in range(100)]
        pool.release(pool.buffer(), *tasks)
        pool.finish()
    assert seen == list(range(100))


def divide_by_zero() -> float:
    return 1 / 0


def test_an_error_of_a_task_is_raised_by_waiting_for_its_buffer() -> None:
    with ThreadPool(2) as pool:
        pool.release(pool.buffer(), pool.submit(divide_by_zero))
        with pytest.raises(ZeroDivisionError):
            pool.finish()


def test_an_error_cancels_what_has_not_begun() -> None:
    ran: list[int] = []
    waiting: list[Future[None]] = []

    def until_cancelled() -> None:
        while not (waiting and waiting[-1].cancelled()):
            time.sleep(0.001)

    def fail() -> None:
        with ThreadPool(1) as pool:
            pool.submit(until_cancelled)
            waiting.extend(pool.submit(ran.append, number) for number in range(50))
            divide_by_zero()

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ran == []


def test_without_workers_each_task_runs_at_once_in_this_thread() -> None:
    ran: list[object] = []
    with ThreadPool(0) as pool:
        before = threading.active_count()
        for submit in (pool.submit, pool.submit_in_order):
            pool.release(pool.buffer(), submit(ran.append, threading.current_thread()))
        assert ran == [threading.current_thread()] * 2
        assert threading.active_count() == before
        pool.finish()
        failed = pool.submit(divide_by_zero)
        pool.release(pool.buffer(), failed)
        with pytest.raises(ZeroDivisionError):
            pool.finish()
