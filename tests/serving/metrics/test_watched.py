"""What is counted for the comparison of two versions."""

from regolo_git.records.json_reader import JsonReader
from regolo_git.serving.metrics.counts import ABANDONED, DROPPED, ERROR, OK, Counts, Recorder
from regolo_git.serving.metrics.watched import WatchedCounts

WATCH = (None, 0.25)
KEY = ("e", "1.1")


def recorder(*requests: tuple[int, float, str | None]) -> Recorder:
    made = Recorder()
    for outcome, seconds, caller in requests:
        made.watch(KEY, WATCH, outcome, seconds, caller)
    return made


def sent(made: Recorder) -> Counts:
    """The counts as the supervisor gets them."""
    return Counts.read(JsonReader.of(made.take().to_json(), "a report"))  # type: ignore[arg-type]


def watched(*reports: Counts) -> WatchedCounts:
    counts = WatchedCounts()
    counts.watch({"e": WATCH})
    for report in reports:
        counts.add(report.watched)
    return counts


def test_errors_and_slow_requests_are_counted_exactly() -> None:
    made = recorder(
        (OK, 0.25, None), (OK, 0.2501, None), (ERROR, 0.1, None), (DROPPED, 0.0, None), (ABANDONED, 9.0, None)
    )
    assert watched(sent(made)).close_block("e") == {"1.1": [5, 2, 2]}


def test_a_caller_that_sticks_counts_once_in_a_block_whatever_gateway_it_asks() -> None:
    one = recorder((OK, 0.1, "ada"), (ERROR, 0.1, "ada"), (OK, 0.3, "bob"))
    other = recorder((ERROR, 0.1, "ada"), (OK, 0.1, "eve"))
    counts = watched(sent(one), sent(other))
    assert counts.close_block("e") == {"1.1": [3, 1, 1]}
    # In the next block they count again.
    counts.add(sent(recorder((OK, 0.1, "ada"))).watched)
    assert counts.close_block("e") == {"1.1": [4, 1, 1]}


def test_totals_begin_again_with_another_watch_and_nothing_else_is_counted() -> None:
    counts = watched(sent(recorder((OK, 0.1, None))))
    counts.add({("other", "1.0"): sent(recorder((OK, 0.1, None))).watched[KEY]})
    counts.watch({"e": WATCH})
    assert counts.close_block("e") == {"1.1": [1, 0, 0]}
    counts.watch({"e": (None,)})
    counts.add(sent(recorder((OK, 0.1, None))).watched)  # of a gateway that has the table before
    assert counts.close_block("e") == {}
    assert counts.close_block("other") == {}
