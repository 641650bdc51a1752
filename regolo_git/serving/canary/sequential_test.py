"""A sequential test of two shares of failures, block by block: may be looked at after every block.

In one block of time, `na` requests of the baseline and `nb` of the candidate fail with the unknown shares a
and b.  The test bets against a null hypothesis, "b is at most a + margin" or "b is at least a + margin".
Before each block it estimates both shares (ta, tb) from the blocks before.  If they contradict the null, it
bets with the likelihood ratio of (ta, tb) against the point (pa, pb) of the null that is nearest to them, and
multiplies the ratios of all blocks.

Why the product is at least 1/level with a probability of at most `level`, if the null is true, whatever the
number of blocks and whenever somebody stops: the nearest point minimises na KL(ta, pa) + nb KL(tb, pb) over a
convex set, so every (a, b) of the null satisfies na u + nb v <= 0, with u = (a - pa)(ta - pa) / (pa (1 - pa))
and v likewise.  The expected ratio of a block is (1 + u)^na (1 + v)^nb <= exp(na u + nb v) <= 1; so the
product is a non-negative supermartingale, for which Ville's inequality holds.  Both versions are compared
within a block only: what changes for both at once, such as an outage or a daily wave, favours neither.

R. Turner, A. Ly, P. Grünwald: Generic E-Variables for Exact Sequential k-Sample Tests that allow for Optional
Stopping, arXiv:2106.02693.
"""

from dataclasses import dataclass
from math import log
from typing import Literal, Self

from regolo_git.records.json_reader import Json, JsonReader

Direction = Literal["worse", "not_worse"]
HALVINGS = 60


@dataclass(slots=True)
class SequentialTest:
    """The evidence, a logarithm, that the candidate is worse, or that it is not worse, by a margin.

    The rest is what it has seen: requests and failures of both versions.
    """

    direction: Direction
    margin: float
    log_evidence: float = 0.0
    baseline_requests: int = 0
    baseline_failures: int = 0
    candidate_requests: int = 0
    candidate_failures: int = 0

    def observe(self, na: int, ya: int, nb: int, yb: int) -> None:
        """Adds a block: requests and failures of the baseline, then of the candidate.

        A block in which one of them had no requests compares nothing, and only what it saw is remembered.
        """
        if na and nb:
            self._bet(na, ya, nb, yb)
        self.baseline_requests += na
        self.baseline_failures += ya
        self.candidate_requests += nb
        self.candidate_failures += yb

    def restart(self) -> None:
        """Begins with no evidence; what it has seen still tells it how to bet."""
        self.log_evidence = 0.0

    def _bet(self, na: int, ya: int, nb: int, yb: int) -> None:
        ta = (self.baseline_failures + 0.5) / (self.baseline_requests + 1)
        tb = (self.candidate_failures + 0.5) / (self.candidate_requests + 1)
        contradicts = tb > ta + self.margin if self.direction == "worse" else tb < ta + self.margin
        if not contradicts:
            return
        pa = _nearest(ta, tb, na, nb, self.margin)
        pb = pa + self.margin
        self.log_evidence += ya * log(ta / pa) + (na - ya) * log((1 - ta) / (1 - pa))
        self.log_evidence += yb * log(tb / pb) + (nb - yb) * log((1 - tb) / (1 - pb))

    def to_json(self) -> Json:
        """What `read` reads."""
        return {
            "log_evidence": self.log_evidence,
            "baseline": [self.baseline_requests, self.baseline_failures],
            "candidate": [self.candidate_requests, self.candidate_failures],
        }

    @classmethod
    def read(cls, reader: JsonReader, direction: Direction, margin: float) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        evidence = reader.get("log_evidence", float)
        counts = [*reader.list_of("baseline", int), *reader.list_of("candidate", int)]
        if len(counts) != 4 or not 0 <= counts[1] <= counts[0] or not 0 <= counts[3] <= counts[2]:
            raise reader.wrong("baseline", "does not fit")
        return cls(direction, margin, evidence, *counts)


def _nearest(ta: float, tb: float, na: int, nb: int, margin: float) -> float:
    """The share pa that minimises na KL(ta, pa) + nb KL(tb, pa + margin)."""
    if margin == 0:
        return (na * ta + nb * tb) / (na + nb)
    low, high = 0.0, 1.0 - margin
    for _ in range(HALVINGS):
        pa = (low + high) / 2
        pb = pa + margin
        slope = na * (pa - ta) / (pa * (1 - pa)) + nb * (pb - tb) / (pb * (1 - pb))
        low, high = (low, pa) if slope > 0 else (pa, high)
    return (low + high) / 2
