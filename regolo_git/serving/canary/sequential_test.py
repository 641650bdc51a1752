"""A sequential test of two shares of failures, block by block: may be looked at after every block.

In one block of time, `na` requests of the baseline and `nb` of the candidate fail with the unknown shares a
and b.  The test bets against a null hypothesis, "b is at most a + margin" or "b is at least a + margin".
Before each block it estimates both shares (ta, tb) from the blocks before.  If they contradict the null, it
bets with the likelihood ratio of (ta, tb) against the point (pa, pb) of the null that is nearest to them, and
multiplies the ratios of all blocks.

Why the product is at least 1/level with a probability of at most `level`, if the null is true, whatever the
number of blocks and whenever somebody stops: the nearest point minimizes na KL(ta, pa) + nb KL(tb, pb) over a
convex set, so every (a, b) of the null satisfies na u + nb v <= 0, with u = (a - pa)(ta - pa) / (pa (1 - pa))
and v likewise.  The expected ratio of a block is (1 + u)^na (1 + v)^nb <= exp(na u + nb v) <= 1; so the
product is a non-negative supermartingale, for which Ville's inequality holds.  Both versions are compared
within a block only: what changes for both at once, such as an outage or a daily wave, favours neither.

R. Turner, A. Ly, P. Grünwald: Generic E-Variables for Exact Sequential k-Sample Tests that allow for Optional
Stopping, arXiv:2106.02693.
"""

from dataclasses import dataclass
from math import exp, log
from typing import Literal, Self

from regolo_git.records.json_reader import Json, JsonReader

Direction = Literal["worse", "not_worse"]
HALVINGS = 60
LARGEST_LOGIT = 100.0
# Of counts and evidence that are read back: far above any that is real, and far below what overflows.
MOST_READ = 2**63


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
        ta, sa = _estimate(self.baseline_requests, self.baseline_failures)
        tb, sb = _estimate(self.candidate_requests, self.candidate_failures)
        contradicts = tb > ta + self.margin if self.direction == "worse" else tb < ta + self.margin
        if not contradicts:
            return
        pa, qa, pb, qb = _nearest((ta, sa), (tb, sb), na, nb, self.margin)
        self.log_evidence += ya * log(ta / pa) + (na - ya) * log(sa / qa)
        self.log_evidence += yb * log(tb / pb) + (nb - yb) * log(sb / qb)

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
        if max(counts) > MOST_READ or abs(evidence) > MOST_READ:
            raise reader.wrong("log_evidence", "or a count beside it is too large")
        return cls(direction, margin, evidence, *counts)


def _estimate(requests: int, failures: int) -> tuple[float, float]:
    """The shares of failures and of successes, each exact also where the other is almost 1."""
    return (failures + 0.5) / (requests + 1), (requests - failures + 0.5) / (requests + 1)


def _nearest(
    a: tuple[float, float], b: tuple[float, float], na: int, nb: int, margin: float
) -> tuple[float, float, float, float]:
    """The shares pa, 1 - pa, pb = pa + margin, 1 - pb that minimize na KL(ta, pa) + nb KL(tb, pb).

    `a` is (ta, 1 - ta), and `b` likewise.
    """
    (ta, sa), (tb, sb) = a, b
    if margin == 0:
        p, q = (na * ta + nb * tb) / (na + nb), (na * sa + nb * sb) / (na + nb)
        return p, q, p, q
    # Of the part of pa in its range, the logit is halved: so none of the four is ever rounded to 0.
    low, high, room = -LARGEST_LOGIT, LARGEST_LOGIT, 1 - margin
    pa = qb = room / 2
    for _ in range(HALVINGS):
        logit = (low + high) / 2
        odds = exp(logit)
        pa, qb = room * odds / (1 + odds), room / (1 + odds)
        slope = na * (sa / (qb + margin) - ta / pa) + nb * (sb / qb - tb / (pa + margin))
        low, high = (low, logit) if slope > 0 else (logit, high)
    return pa, qb + margin, pa + margin, qb
