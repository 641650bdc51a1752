"""Counts by time: a window holds what came within it, and time is whatever the caller's clock says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.serving.metrics.counts import OK, Counts, Tally
from regolo_git.serving.metrics.windows import WindowStore, parse_window

KEY = ("e", "1.0")


def one() -> Counts:
    tally = Tally()
    tally.add(OK, 0.01)
    return Counts({KEY: tally})


def requests(store: WindowStore, seconds: float, now: float) -> int:
    tally = store.read(seconds, now).tallies.get(KEY)
    return tally.requests if tally is not None else 0


@given(st.lists(st.integers(0, 500), max_size=80), st.integers(1, 400))
def test_a_window_of_seconds_holds_the_last_seconds(times: list[int], window: int) -> None:
    store = WindowStore(0.0)
    for moment in sorted(times):
        store.add(one(), moment + 0.5)
    now = 500.9
    assert requests(store, window, now) == sum(moment > 500 - window for moment in times)
    assert store.totals.tallies.get(KEY, Tally()).requests == len(times)


@given(st.lists(st.integers(0, 5 * 3600), max_size=80))
def test_a_long_window_is_exact_to_the_minute(times: list[int]) -> None:
    store = WindowStore(0.0)
    for moment in sorted(times):
        store.add(one(), moment)
    now, window = 5 * 3600.0, 2 * 3600.0
    found = requests(store, window, now)
    assert sum(moment >= now - window + 60 for moment in times) <= found
    assert found <= sum(moment >= now - window for moment in times)


def test_what_is_too_old_is_forgotten_and_the_totals_remember() -> None:
    store = WindowStore(0.0, rings=((1.0, 10), (60.0, 2)))
    store.add(one(), 1.0)
    store.add(one(), 1000.0)
    assert requests(store, 5, 1000.0) == requests(store, 10**6, 1000.0) == 1
    assert store.totals.tallies[KEY].requests == 2


def test_a_young_store_says_over_how_long_it_counted() -> None:
    store = WindowStore(100.0)
    assert store.read(300, 107.0).seconds == 7.0
    assert store.read(5, 107.0).seconds == 5
    assert store.read(10**9, 10**7).seconds == 86400


def test_nothing_is_kept_for_seconds_without_requests() -> None:
    store = WindowStore(0.0)
    store.add(Counts(), 1.0)
    assert store.read(300, 2.0).tallies == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), (1.5, 1.5), (90, 90)],
)
def test_a_window_reads_as_people_write_it(text: str | float, seconds: float) -> None:
    assert parse_window(text) == seconds


@given(st.lists(st.integers(0, 1199), max_size=60), st.sampled_from([(900.0, 5.0), (3600.0, 60.0)]))
def test_a_series_has_each_request_in_its_step(times: list[int], window: tuple[float, float]) -> None:
    store, (seconds, step) = WindowStore(0.0), window
    for moment in sorted(times):
        store.add(one(), moment)
        store.add(Counts({("other", "1.0"): Tally()}), moment)
    now = 1203.5
    steps = store.series("e", seconds, step, now)
    begins = [now - bucket.age for bucket in steps]
    assert begins == [
        float(number * step) for number in range(int(max(0, now - seconds) // step), int(now // step))
    ]
    assert [bucket.tallies.get(KEY, Tally()).requests for bucket in steps] == [
        sum(begin <= moment < begin + step for moment in times) for begin in begins
    ]
    assert all(key[0] == "e" for bucket in steps for key in bucket.tallies)


def test_a_series_begins_with_the_store() -> None:
    store = WindowStore(1000.0)
    assert store.series("e", 900.0, 5.0, 1003.0) == []
    assert [round(1021.0 - bucket.age) for bucket in store.series("e", 900.0, 5.0, 1021.0)] == [
        1000,
        1005,
        1010,
        1015,
    ]
