"""Counts over the last seconds, minutes or hours: rings of buckets, and totals since the start.

Seconds are kept for a quarter of an hour and minutes for a day; a bucket holds only versions that had
requests.  Time is the monotonic clock's, which does not jump.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from regolo_git.errors import InvalidInput
from regolo_git.serving.metrics.counts import Counts, Key, Tally, merge_tallies
from regolo_git.text.times import parse_duration

RINGS = ((1.0, 900), (60.0, 1440))


@dataclass(frozen=True, slots=True)
class Window:
    """Counts and the seconds that they cover; fewer than asked for while the store is young."""

    tallies: dict[Key, Tally]
    seconds: float


class Bucket(NamedTuple):
    """What was counted in one step of a ring, `step` seconds long, which began `age` seconds ago."""

    step: float
    age: float
    tallies: dict[Key, Tally]


class _Ring:
    def __init__(self, step: float, length: int) -> None:
        self.step = step
        self.length = length
        self._buckets: deque[tuple[int, dict[Key, Tally]]] = deque()

    def add(self, tallies: Mapping[Key, Tally], now: float) -> None:
        number = int(now // self.step)
        if not self._buckets or self._buckets[-1][0] != number:
            self._buckets.append((number, {}))
        merge_tallies(self._buckets[-1][1], tallies.items())
        while self._buckets[0][0] <= number - self.length:
            self._buckets.popleft()

    def buckets(self, now: float) -> Iterator[Bucket]:
        for number, tallies in self._buckets:
            yield Bucket(self.step, now - number * self.step, tallies)

    def steps(self, endpoint: str, numbers: range, step: float) -> Iterator[tuple[int, dict[Key, Tally]]]:
        """The counts of an endpoint in steps of several buckets, by their numbers."""
        steps: dict[int, dict[Key, Tally]] = {number: {} for number in numbers}
        buckets_in_step = round(step / self.step)
        for number, tallies in self._buckets:
            into = steps.get(number // buckets_in_step)
            if into is not None:
                merge_tallies(into, ((key, tally) for key, tally in tallies.items() if key[0] == endpoint))
        yield from steps.items()

    def read(self, seconds: float, now: float) -> dict[Key, Tally]:
        after = int((now - seconds) // self.step)
        tallies: dict[Key, Tally] = {}
        for number, bucket in self._buckets:
            if number > after:
                merge_tallies(tallies, bucket.items())
        return tallies


class WindowStore:
    """Every count since `started`, in total and by time."""

    def __init__(self, started: float, rings: Sequence[tuple[float, int]] = RINGS) -> None:
        self.totals = Counts()
        self._started = started
        self._rings = [_Ring(step, length) for step, length in rings]

    def add(self, counts: Counts, now: float) -> None:
        """Adds the counts that a gateway handed over."""
        self.totals.merge(counts)
        if counts.tallies:
            for ring in self._rings:
                ring.add(counts.tallies, now)

    def age(self, now: float) -> float:
        """For how many seconds it has counted."""
        return now - self._started

    def buckets(self, now: float) -> Iterator[Bucket]:
        """Everything that is kept by time, the oldest of each ring first."""
        for ring in self._rings:
            yield from ring.buckets(now)

    def put_back(self, bucket: Bucket, now: float) -> None:
        """Adds a bucket of an earlier store, before anything newer than it."""
        for ring in self._rings:
            if ring.step == bucket.step and bucket.age < ring.step * ring.length:
                ring.add(bucket.tallies, now - bucket.age)

    def read(self, seconds: float, now: float) -> Window:
        """The counts of the last `seconds`, or of as many seconds as are kept."""
        ring = self._ring(seconds)
        covered = min(seconds, now - self._started, ring.step * ring.length)
        return Window(ring.read(seconds, now), covered)

    def series(self, endpoint: str, seconds: float, step: float, now: float) -> list[Bucket]:
        """The counts of an endpoint in the last `seconds`, in steps of `step` seconds, the oldest first.

        The step that has not ended is not among them, nor any before the store began.  `step` is a multiple
        of the steps of the ring that has the `seconds`: of 1 up to a quarter of an hour, else of 60.
        """
        begin = max(now - seconds, self._started)
        numbers = range(int(begin // step), int(now // step))
        steps = self._ring(seconds).steps(endpoint, numbers, step)
        return [Bucket(step, now - number * step, tallies) for number, tallies in steps]

    def _ring(self, seconds: float) -> _Ring:
        return next((r for r in self._rings if seconds <= r.step * r.length), self._rings[-1])


def parse_window(window: str | float) -> float:
    """Seconds of `90`, `30s`, `5m`, `2h` or `1d`.  Raises InvalidInput."""
    seconds = parse_duration(window.strip() if isinstance(window, str) else repr(window))
    if seconds is None or not isfinite(seconds) or seconds <= 0:
        raise InvalidInput(f"window '{window}' is not a duration", "write 30s, 5m, 2h or 1d")
    return seconds
