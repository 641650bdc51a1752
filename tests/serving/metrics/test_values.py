"""Rates, intervals and shares; and metrics that travel as JSON unchanged."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.serving.metrics.values import EndpointMetrics, Measured, summarize, wilson_interval

latency = st.none() | st.floats(0, 100)


counts = st.integers(0, 10**6)


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    errors, client_errors = draw(counts), draw(counts)
    return Measured(
        requests=errors + client_errors + draw(counts),
        errors=errors,
        client_errors=client_errors,
        latency_p50=draw(latency),
        weight=draw(st.floats(0, 1)),
        replicas_ready=draw(st.none() | st.integers(0, 100)),
    )


@given(st.dictionaries(st.sampled_from(["1.0", "1.1", "2.0-rc.1"]), measured()), st.booleans())
def test_metrics_travel_unchanged(versions: dict[str, Measured], has_time: bool) -> None:
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) if has_time else None
    found = summarize("e", versions, window_seconds=300.0, source="gateway", commit=None, since=since)
    assert EndpointMetrics.from_json(json.loads(json.dumps(found.to_json()))) == found
    shares = [version["observed_share"] for version in found.version.values()]
    assert all(share is None for share in shares) or sum(map(float, shares)) == pytest.approx(1)  # type: ignore[arg-type]


@given(st.integers(1, 10**6), st.data())
def test_the_interval_holds_the_rate(requests: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, requests))
    low, high = wilson_interval(errors, requests) or (1, 0)
    assert 0 <= low <= errors / requests <= high <= 1
    assert low < high


def test_no_requests_have_no_interval_and_no_rate() -> None:
    assert wilson_interval(0, 0) is None
    (held,) = summarize(
        "e", {"1.0": Measured()}, window_seconds=0, source="none", commit=None, since=None
    ).version.values()
    assert (held["error_rate"], held["rps"], held["observed_share"]) == (None, None, None)


@pytest.mark.parametrize("broken", [None, [], {}, {"endpoint": 1}, {"endpoint": "e", "version": {"1.0": {}}}])
def test_metrics_that_are_broken_are_refused(broken: object) -> None:
    with pytest.raises(InvalidInput):
        EndpointMetrics.from_json(broken)  # type: ignore[arg-type]
