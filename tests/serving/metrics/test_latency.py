"""Latencies in bins: exact to merge, cumulative as Prometheus wants them, quantiles within their bound."""

from bisect import bisect_left
from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.serving.metrics.latency import BOUNDS, PROMETHEUS_BOUNDS, bin_of, cumulative, quantile

latencies = st.lists(st.floats(0.00011, 3600) | st.floats(0.00011, 9.9), min_size=1, max_size=200)


def binned(seconds: list[float]) -> dict[int, int]:
    return dict(Counter(map(bin_of, seconds)))


def test_the_bounds_of_prometheus_are_among_the_bins() -> None:
    assert set(PROMETHEUS_BOUNDS) <= set(BOUNDS)
    assert list(BOUNDS) == sorted(set(BOUNDS))


@given(latencies, st.sampled_from([0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_in_the_bin_of_the_true_one(seconds: list[float], share: float) -> None:
    true = sorted(seconds)[max(0, ceil(share * len(seconds) - 1e-9) - 1)]
    found = quantile(binned(seconds), share, max(seconds))
    index = bisect_left(BOUNDS, true)
    assert found is not None
    assert (BOUNDS[index - 1] if index else 0) <= found <= BOUNDS[index]
    assert found <= max(seconds)
    assert abs(found - true) / true < 0.12


@given(latencies)
def test_the_cumulative_counts_are_those_of_the_values(seconds: list[float]) -> None:
    expected = [(bound, sum(value <= bound for value in seconds)) for bound in PROMETHEUS_BOUNDS]
    assert cumulative(binned(seconds)) == expected


def test_no_latency_has_no_quantile() -> None:
    assert quantile({}, 0.5, 0.0) is None


@pytest.mark.parametrize("seconds", [12.0, 21.0, 30.0, 40.0, 75.0, 119.9, 601.0, 1799.0, 3599.0])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_slow_request_is_not_slower_than_it_was(seconds: float, share: float) -> None:
    found = quantile(binned([seconds]), share, seconds)
    assert found is not None
    assert seconds * 0.88 <= found <= seconds


def test_what_is_beyond_the_last_bound_is_not_above_the_largest() -> None:
    found = quantile(binned([4000.0] * 9 + [5000.0]), 0.99, 5000.0)
    assert found is not None
    assert 3600 <= found <= 5000
