"""Latencies counted in fixed bins: cheap to add, exact to merge, and fine enough for quantiles.

The bounds of the Prometheus histogram are among those of the bins, so that both agree.  Between two of them
are bins in geometric steps, so that a quantile is off by 11 % at most, from 0.1 ms to an hour, which is the
most that an endpoint may allow; and no quantile is above the largest latency.

Why not prometheus-client's histogram: with its 13 bounds a quantile is off by 12 % at the median and by
57 % at worst (900 quantiles of lognormal samples; here by 0.5 % and 10 %), with as many bounds as here it
takes six times as long to count a request (3.0 against 0.5 microseconds), and its counts cannot be handed
from one process to another.  It does write the exposition (`exposition.py`).
"""

from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise
from math import ceil, log

PROMETHEUS_BOUNDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    *(30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
SHORTEST = 0.0001
LARGEST_STEP = 1.11


def _bounds() -> tuple[float, ...]:
    bounds = [SHORTEST]
    for low, high in pairwise((SHORTEST, *PROMETHEUS_BOUNDS)):
        steps = ceil(log(high / low) / log(LARGEST_STEP))
        bounds += [low * (high / low) ** (step / steps) for step in range(1, steps)]
        bounds.append(high)
    return tuple(bounds)


BOUNDS = _bounds()
Bins = Mapping[int, int]


def bin_of(seconds: float) -> int:
    """The bin of a latency; its upper bound is inclusive, as in Prometheus."""
    return bisect_left(BOUNDS, seconds)


def quantile(bins: Bins, share: float, longest: float) -> float | None:
    """The latency in seconds that `share` of the requests did not exceed; None without requests.

    `longest` is the largest of these latencies.
    """
    total = sum(bins.values())
    if not total:
        return None
    rank, seen = share * total, 0
    for index in sorted(bins):
        seen += bins[index]
        if seen >= rank:
            low = BOUNDS[index - 1] if index else 0.0
            high = BOUNDS[index] if index < len(BOUNDS) else longest
            return min(longest, low + (high - low) * (1 - (seen - rank) / bins[index]))
    raise AssertionError("the last bin holds the last rank")


def cumulative(bins: Bins) -> list[tuple[float, int]]:
    """The number of requests within each bound of the Prometheus histogram."""
    counts, seen = [], 0
    ordered = sorted(bins.items())
    position = 0
    for bound in PROMETHEUS_BOUNDS:
        last = bin_of(bound)
        while position < len(ordered) and ordered[position][0] <= last:
            seen += ordered[position][1]
            position += 1
        counts.append((bound, seen))
    return counts
