"""Work in flight: bounded by its bytes, stopped by its first error."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from regolo_git.artifacts.transfer.in_flight import InFlight
from regolo_git.records.recipe import CHUNK_LIMIT


class Held:
    """Counts the bytes that running work holds."""

    def __init__(self) -> None:
        self.now = self.most = self.done = 0
        self._lock = threading.Lock()

    def hold(self, size: int) -> None:
        with self._lock:
            self.now += size
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        with self._lock:
            self.now -= size
            self.done += 1


def test_the_bytes_of_what_runs_stay_within_the_budget() -> None:
    held = Held()
    with InFlight(8, budget=100) as flights:
        for size in [30, 40, 60, 10, 100, 5] * 5:
            flights.submit(size, partial(held.hold, size))
        flights.finish()
    assert held.done == 30
    assert held.most <= 100


def test_work_larger_than_the_budget_runs_alone() -> None:
    held = Held()
    with InFlight(4, budget=10) as flights:
        for _ in range(3):
            flights.submit(1000, lambda: held.hold(10))
        flights.finish()
    assert (held.done, held.most) == (3, 10)


def test_the_first_error_stops_what_has_not_begun() -> None:
    begun = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(f"number {number}")

    def run() -> None:
        with InFlight(1, budget=1000) as flights:
            for number in range(50):
                flights.submit(1, partial(fail, number))
            flights.finish()

    with pytest.raises(ValueError, match="number 0"):
        run()
    assert begun == [0]


def test_an_error_is_raised_where_the_next_work_is_submitted() -> None:
    def fail() -> None:
        raise OSError("full")

    def run() -> None:
        with InFlight(2, budget=1) as flights:
            flights.submit(1, fail)
            flights.submit(1, lambda: None)  # there is room only after the first

    with pytest.raises(OSError, match="full"):
        run()


def leave(error: BaseException, work: Callable[[threading.Event], None]) -> None:
    """Leaves by an error while work runs."""
    started = threading.Event()
    with InFlight(2) as flights:
        flights.submit(1, partial(work, started))
        started.wait(60)
        raise error


def test_leaving_it_by_an_error_waits_for_what_runs() -> None:
    done = threading.Event()

    def run(started: threading.Event) -> None:
        started.set()
        time.sleep(0.05)
        done.set()

    with pytest.raises(ValueError, match="elsewhere"):
        leave(ValueError("elsewhere"), run)
    assert done.is_set()


def test_an_interrupt_does_not_wait_for_a_connection_that_stalls() -> None:
    ended, release = threading.Event(), threading.Event()

    def stall(started: threading.Event) -> None:
        started.set()
        release.wait(60)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        leave(KeyboardInterrupt(), stall)
    assert not ended.is_set()
    release.set()


def test_there_is_no_more_memory_than_the_budget_has_room_for() -> None:
    places: set[int] = set()
    with InFlight(8, 2 * CHUNK_LIMIT) as flights:

        def fill() -> None:
            view = flights.memory()
            view[:1] = b"1"
            assert flights.memory() is view
            places.add(id(view.obj))

        for _ in range(40):
            flights.submit(CHUNK_LIMIT, fill)
        flights.finish()
    assert 1 <= len(places) <= 2
