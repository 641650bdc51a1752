"""Blocks of time from the counters of a metrics source, which may begin again, vanish, or lie about time.

Two readings make a block if everything that was counted between them is known and belongs to one split.
Anything else makes none, and the canary holds: a block too few only delays a decision, a wrong one misleads
it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from regolo_git.serving.canary.decision import Arm, Block

# Times of a source and of this process may differ by this much between two readings, in seconds or in share.
CLOCK_SECONDS = 2.0
CLOCK_SHARE = 0.5
# After a longer gap it is not known what happened, such as another split in between.
LONGEST_SECONDS = 300.0


class Reading(NamedTuple):
    """Totals of each version: requests, then failures by each metric.

    `source` changes whenever they begin at zero again; `time` is the source's clock, in seconds.
    """

    source: str
    time: float
    totals: Mapping[str, tuple[int, ...]]


class BlockReader:
    """Makes blocks of successive readings of two versions; `problem` says why the last one made none."""

    def __init__(self, baseline: str, candidate: str, metrics: int) -> None:
        self.problem: str | None = None
        self._versions = baseline, candidate
        self._zero = (0,) * (1 + metrics)
        self._before: tuple[Reading, float] | None = None

    def restart(self, problem: str | None = None) -> None:
        """Starts over with the next reading, because what came before it belongs to no block."""
        self._before, self.problem = None, problem

    def next(self, reading: Reading, now: float) -> Block | None:
        """The block since the reading before; `now` is the monotonic clock of this process, in seconds."""
        before, self._before = self._before, (reading, now)
        self.problem = None
        if before is None:
            return None
        self.problem = self._doubt(before[0], reading, now - before[1])
        if self.problem is not None:
            return None
        arms = [self._arm(before[0], reading, version) for version in self._versions]
        if any(arm is None for arm in arms):
            # If only a part was missing, it must not come back as the failures of one block.
            self._before = before
            self.problem = "the counters went back"
            return None
        baseline, candidate = arms
        assert baseline is not None
        assert candidate is not None
        return Block(baseline, candidate, now - before[1])

    def _doubt(self, before: Reading, reading: Reading, elapsed: float) -> str | None:
        if reading.source != before.source:
            return "the counters began again"
        counted = reading.time - before.time
        if elapsed > LONGEST_SECONDS:
            return "the last reading is too long ago"
        if counted < 0 or abs(counted - elapsed) > max(CLOCK_SECONDS, CLOCK_SHARE * elapsed):
            return "the clock of the metrics source jumped"
        return None

    def _arm(self, before: Reading, reading: Reading, version: str) -> Arm | None:
        """What one version counted in between; None if its counters cannot be right."""
        last, first = reading.totals.get(version, self._zero), before.totals.get(version, self._zero)
        if not len(last) == len(first) == len(self._zero):
            return None
        requests, *failures = (end - begin for end, begin in zip(last, first, strict=True))
        if any(count < 0 for count in (requests, *failures)) or any(count > requests for count in failures):
            return None
        return Arm(requests, tuple(failures))
