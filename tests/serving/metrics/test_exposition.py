"""What Prometheus reads: every outcome from the first moment on, and buckets that add up."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from regolo_git.serving.metrics.counts import DROPPED, OK, OUTCOMES, Counts, Key, Recorder
from regolo_git.serving.metrics.exposition import Exposition, ServedVersion

SERVED = {("e", "1.0"): ServedVersion(0.9, 2, 3, "c" * 40), ("e", "1.1"): ServedVersion(0.1, 0, 0, "c" * 40)}


def series(counts: Counts, in_flight: dict[Key, int] | None = None) -> dict[tuple[str, frozenset], float]:
    text = Exposition(1234.5, counts, in_flight or {}, SERVED).text().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**given: str) -> frozenset:
    return frozenset({"endpoint": "e", **given}.items())


def test_every_outcome_is_there_before_the_first_request() -> None:
    found = series(Counts())
    for outcome in OUTCOMES:
        for version in ("1.0", "1.1"):
            assert found["regolo_requests_total", labels(version=version, outcome=outcome)] == 0
    assert found["regolo_request_duration_seconds_count", labels(version="1.1")] == 0
    assert found["regolo_start_time_seconds", frozenset()] == 1234.5


def test_the_state_of_each_version_is_there() -> None:
    found = series(Counts(), {("e", "1.0"): 7})
    assert found["regolo_traffic_weight", labels(version="1.0")] == 0.9
    assert found["regolo_replicas_ready", labels(version="1.1")] == 0
    assert found["regolo_replica_restarts_total", labels(version="1.0")] == 3
    assert found["regolo_inflight_requests", labels(version="1.0")] == 7
    assert found["regolo_manifest_info", labels(commit="c" * 40)] == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 30)), max_size=50))
def test_the_numbers_are_those_that_were_counted(events: list[tuple[int, float]]) -> None:
    recorder = Recorder()
    for outcome, seconds in events:
        recorder.record("e", "1.0", outcome, seconds)
    found = series(recorder.take())
    for number, outcome in enumerate(OUTCOMES):
        wanted = sum(kind == number for kind, _ in events)
        assert found["regolo_requests_total", labels(version="1.0", outcome=outcome)] == wanted
    answered = [seconds for kind, seconds in events if OUTCOMES[kind] != "dropped"]
    assert found["regolo_request_duration_seconds_count", labels(version="1.0")] == len(answered)
    buckets = {
        float(dict(key[1])["le"]): value
        for key, value in found.items()
        if key[0].endswith("_bucket") and ("version", "1.0") in key[1]
    }
    assert buckets[0.1] == sum(seconds <= 0.1 for seconds in answered)
    assert buckets[float("inf")] == len(answered)
    assert list(buckets.values()) == sorted(buckets.values())


def test_a_version_that_is_served_no_more_keeps_its_counters() -> None:
    recorder = Recorder()
    recorder.record("e", "0.9", 0, 0.1)
    recorder.reject("unauthorized")
    found = series(recorder.take())
    assert found["regolo_requests_total", labels(version="0.9", outcome="ok")] == 1
    assert ("regolo_traffic_weight", labels(version="0.9")) not in found
    assert found["regolo_rejected_requests_total", frozenset({("reason", "unauthorized")})] == 1


def test_a_shadow_has_series_of_its_own() -> None:
    recorder = Recorder()
    assert not any("shadow" in name for name, _ in series(recorder.take()))
    for agrees in (True, True, False):
        recorder.record_copy("e", "1.1", OK, 0.2, agrees=agrees)
    recorder.record_copy("e", "1.1", DROPPED, 0.0)
    found = series(recorder.take())
    assert found["regolo_requests_total", labels(version="1.1", outcome="ok")] == 0
    assert found["regolo_shadow_copies_total", labels(version="1.1", outcome="ok")] == 3
    assert found["regolo_shadow_copies_total", labels(version="1.1", outcome="dropped")] == 1
    assert found["regolo_shadow_compared_total", labels(version="1.1", agrees="yes")] == 2
    assert found["regolo_shadow_compared_total", labels(version="1.1", agrees="no")] == 1
    assert found["regolo_shadow_duration_seconds_count", labels(version="1.1")] == 3
