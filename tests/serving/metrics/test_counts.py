"""What a gateway counts, and hands over without losing or doubling a request."""

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.json_reader import JsonReader
from regolo_git.serving.metrics.counts import DROPPED, ERROR, OK, TIMEOUT, Counts, Recorder, Tally


def travelled(counts: Counts) -> Counts:
    return Counts.read(JsonReader.parse(json.dumps(counts.to_json()), "counts"))


outcomes = st.lists(
    st.tuples(st.sampled_from(["1.0", "1.1"]), st.integers(0, 4), st.floats(0, 5)), max_size=60
)


@given(outcomes, st.integers(0, 60))
def test_counts_that_are_handed_over_in_parts_are_those_of_the_whole(
    events: list[tuple[str, int, float]], cut: int
) -> None:
    recorder, total = Recorder(), Counts()
    for position, (version, outcome, seconds) in enumerate(events):
        if position == cut:
            total.merge(travelled(recorder.take()))
        recorder.record("e", version, outcome, seconds)
    total.merge(travelled(recorder.take()))
    expected = Counter((version, outcome) for version, outcome, _ in events)
    found = {
        (version, outcome): count
        for (_, version), tally in total.tallies.items()
        for outcome, count in enumerate(tally.outcomes)
        if count
    }
    assert found == dict(expected)
    assert recorder.take().tallies == {}


def test_what_was_dropped_has_no_latency_and_is_an_error() -> None:
    tally = Tally()
    for outcome in (OK, ERROR, TIMEOUT, DROPPED):
        tally.add(outcome, 0.1)
    assert (tally.requests, tally.errors, tally.client_errors) == (4, 3, 0)
    assert sum(tally.bins.values()) == 3


def test_copies_are_counted_apart_and_travel() -> None:
    recorder, total = Recorder(), Counts()
    recorder.record("e", "1.1", OK, 0.1)
    for outcome, agrees in ((OK, True), (OK, False), (ERROR, None), (DROPPED, None)):
        recorder.record_copy("e", "1.1", outcome, 0.2, agrees=agrees)
    total.merge(travelled(recorder.take()))
    recorder.record_copy("e", "1.1", OK, 0.2, agrees=True)
    total.merge(travelled(recorder.take()))
    tally = total.tallies["e", "1.1"]
    assert (tally.requests, tally.errors) == (1, 0)
    assert tally.shadow is not None
    assert tally.shadow.copies.outcomes[:5] == [3, 1, 0, 0, 1]
    assert (tally.shadow.compared, tally.shadow.agreed) == (3, 2)
