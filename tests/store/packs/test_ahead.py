"""Work runs ahead in order, within its budget, and nobody waits for what is not wanted any more."""

import threading

import pytest

from regolo_git.store.packs.ahead import run_ahead


def test_results_come_in_order() -> None:
    assert list(run_ahead(range(50), lambda _: 1, lambda n: n * n, 4, 8)) == [n * n for n in range(50)]


def test_work_and_results_that_wait_stay_within_the_budget() -> None:
    begun: list[int] = []

    def run(number: int) -> int:
        begun.append(number)
        return number

    for number in run_ahead(range(30), lambda _: 10, run, 4, 45):
        # Four fit: this one, which is still held, and three after it.
        assert max(begun) <= number + 3


def test_work_larger_than_the_budget_runs_alone() -> None:
    assert list(run_ahead([3, 100, 3], lambda size: size, lambda size: size, 4, 10)) == [3, 100, 3]


def test_nothing_begins_after_the_first_error_is_raised() -> None:
    begun: list[int] = []

    def run(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise ConnectionResetError
        return number

    results = run_ahead(range(100), lambda _: 1, run, 2, 4)
    with pytest.raises(ConnectionResetError):
        list(results)
    assert max(begun) < 10


def test_an_interrupt_does_not_wait_for_running_work() -> None:
    stalled = threading.Event()

    def run(number: int) -> int:
        if number:
            stalled.wait(60)
        return number

    results = run_ahead(range(4), lambda _: 1, run, 4, 4)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert not stalled.is_set()
    stalled.set()


def test_no_thread_stays() -> None:
    before = threading.active_count()
    list(run_ahead(range(9), lambda _: 1, lambda n: n, 3, 9))
    for thread in threading.enumerate():
        if thread.name == "regolo-fetch":
            thread.join(60)
    assert threading.active_count() <= before
