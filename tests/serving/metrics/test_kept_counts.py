"""Counts in a file: what is read is what was written, some time later."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.serving.metrics.counts import ABANDONED, ERROR, OK, Counts, Recorder, Tally
from regolo_git.serving.metrics.kept_counts import KeptCounts
from regolo_git.serving.metrics.windows import WindowStore

KEY = ("e", "1.0")


def counted(*moments: float, started: float = 1000.0) -> WindowStore:
    store = WindowStore(started)
    for moment in moments:
        tally = Tally()
        for outcome, seconds in ((OK, 0.01), (ERROR, 5000.0), (ABANDONED, 0.0)):
            tally.add(outcome, seconds)
        store.add(Counts({KEY: tally}), moment)
    return store


def kept(store: WindowStore, now: float, path: Path) -> KeptCounts:
    KeptCounts.of(store, now).write(path)
    read = KeptCounts.read(path)
    assert read is not None
    return read


def requests(store: WindowStore, seconds: float, now: float) -> int:
    tally = store.read(seconds, now).tallies.get(KEY)
    return tally.requests if tally is not None else 0


def test_what_was_kept_is_there_with_its_latencies(tmp_path: Path) -> None:
    store = counted(1001, 1050)
    again = kept(store, 1100, tmp_path / "counts.json").store(7.0)
    before, after = store.read(3600, 1100), again.read(3600, 7.0)
    assert after.seconds == pytest.approx(before.seconds)
    mine, theirs = after.tallies[KEY], before.tallies[KEY]
    assert (mine.outcomes, mine.bins) == (theirs.outcomes, theirs.bins)
    assert (mine.seconds, mine.longest) == (theirs.seconds, theirs.longest)


def test_time_goes_on_while_nothing_runs(tmp_path: Path) -> None:
    again = kept(counted(1001, 1095), 1100, tmp_path / "counts.json").store(50.0, elapsed=200.0)
    assert [requests(again, seconds, 50.0) for seconds in (100, 208, 400)] == [0, 3, 6]
    assert again.read(3600, 50.0).seconds == pytest.approx(300)
    again.add(counted(0).totals, 51.0)
    assert requests(again, 400, 51.0) == 9
    assert again.totals.tallies[KEY].requests == 3


@given(st.lists(st.integers(0, 2 * 86400), max_size=20).map(sorted), st.sampled_from([60, 900, 3600, 86400]))
def test_a_window_is_what_it_was_to_the_step(
    tmp_path_factory: pytest.TempPathFactory, moments: list[int], window: int
) -> None:
    now = 2 * 86400.0
    store = counted(*moments, started=0.0)
    again = kept(store, now, tmp_path_factory.getbasetemp() / "counts.json").store(123.456)
    step = 1 if window <= 900 else 60
    least, most = (requests(store, seconds, now) for seconds in (window - step, window + step))
    assert least <= requests(again, window, 123.456) <= most


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "saved": "x"}', "[" * 100_000]
)
def test_a_file_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "counts.json"
    assert KeptCounts.read(path) is None
    path.write_text(text)
    assert KeptCounts.read(path) is None


def test_bounds_and_outcomes_of_another_release_are_read(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    kept(counted(1001), 1100, path)
    document = json.loads(path.read_text())
    for bucket in document["buckets"]:
        (tally,) = bucket["tallies"]
        tally["latencies"] = [[0.02, 4], [90.0, 1], [None, 1]]
        tally["outcomes"] = {"ok": 5, "something new": 1}
    path.write_text(json.dumps(document))
    read = KeptCounts.read(path)
    assert read is not None
    tally = read.store(0.0).read(3600, 0.0).tallies[KEY]
    assert (tally.outcomes[OK], sum(tally.bins.values())) == (5, 6)


def test_the_copies_of_a_shadow_are_kept(tmp_path: Path) -> None:
    recorder, store = Recorder(), WindowStore(1000.0)
    recorder.record_copy("e", "1.1", OK, 0.2, agrees=True)
    recorder.record_copy("e", "1.1", ERROR, 0.2)
    store.add(recorder.take(), 1001.0)
    back = kept(store, 1002.0, tmp_path / "counts").store(2000.0)
    shadow = back.read(60, 2000.0).tallies["e", "1.1"].shadow
    assert shadow is not None
    assert (shadow.copies.outcomes[:2], shadow.compared, shadow.agreed) == ([1, 1], 1, 1)
