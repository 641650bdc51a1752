"""The noise of a difference between two measured values: intervals and one-sided p-values.

A verdict errs on each side in at most `ALPHA` of the cases, so an interval covers `LEVEL`.  Each method is a
value that answers for any margin, because a gate asks for a drop beyond its limit, not beyond zero.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from regolo_git.verdict.distributions import (
    half_binomial_cdf,
    normal_cdf,
    normal_quantile,
    root,
    t_cdf,
    t_quantile,
)

ALPHA = 0.05
LEVEL = 1 - 2 * ALPHA
Method = Literal["newcombe", "normal", "welch", "mcnemar", "bootstrap", "paired t"]
Z_LIMIT = 40.0  # no double is as small as the probability beyond


class Noise(Protocol):
    """What is known of the true difference b - a."""

    @property
    def method(self) -> Method:
        """The name of the method."""

    @property
    def cases(self) -> tuple[int, int] | None:
        """The number of cases in a and b that the method used."""

    @property
    def runs(self) -> tuple[int | None, int | None] | None:
        """The number of runs of a and b that the method used."""

    @property
    def pairs(self) -> int | None:
        """The number of cases that were compared one by one."""

    def p_below(self, margin: float = 0.0) -> float:
        """The one-sided p-value for a true difference below `margin`."""

    def p_above(self, margin: float = 0.0) -> float:
        """The one-sided p-value for a true difference above `margin`."""

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that covers the true difference at this level, with equal tails."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Two shares of independent cases: Newcombe's hybrid score interval of their difference (method 10)."""

    a: float
    b: float
    cases: tuple[int, int]
    method: ClassVar[Method] = "newcombe"
    runs: ClassVar[None] = None
    pairs: ClassVar[None] = None

    def p_below(self, margin: float = 0.0) -> float:
        """The level at which the upper bound reaches `margin`."""
        if margin < self.b - self.a:
            return 1 - self.p_above(margin)
        return normal_cdf(-root(lambda z: self._bounds(z)[1] - margin, 0.0, Z_LIMIT))

    def p_above(self, margin: float = 0.0) -> float:
        """The level at which the lower bound reaches `margin`."""
        if margin > self.b - self.a:
            return 1 - self.p_below(margin)
        return normal_cdf(-root(lambda z: margin - self._bounds(z)[0], 0.0, Z_LIMIT))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Newcombe's interval."""
        return self._bounds(_z(level))

    def _bounds(self, z: float) -> tuple[float, float]:
        low_a, high_a = wilson(self.a, self.cases[0], z)
        low_b, high_b = wilson(self.b, self.cases[1], z)
        diff = self.b - self.a
        return (
            diff - math.hypot(self.b - low_b, high_a - self.a),
            diff + math.hypot(high_b - self.b, self.a - low_a),
        )


def wilson(share: float, n: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share of n cases."""
    centre = share + z * z / (2 * n)
    width = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (centre - width) / scale, (centre + width) / scale


@dataclass(frozen=True, slots=True)
class StandardError:
    """A difference whose standard error is known: normal, or Student's with `df` degrees of freedom."""

    diff: float
    stderr: float
    df: float = math.inf
    method: Method = "normal"
    cases: tuple[int, int] | None = None
    runs: tuple[int | None, int | None] | None = None
    pairs: int | None = None

    def p_below(self, margin: float = 0.0) -> float:
        """The tail beyond the difference."""
        return self._tail(self.diff - margin)

    def p_above(self, margin: float = 0.0) -> float:
        """The tail beyond the difference."""
        return self._tail(margin - self.diff)

    def _tail(self, distance: float) -> float:
        if self.stderr == 0:
            return 0.0 if distance < 0 else 1.0
        return t_cdf(distance / self.stderr, self.df)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The difference with as many standard errors on each side."""
        width = self.stderr * t_quantile((1 + level) / 2, self.df)
        return self.diff - width, self.diff + width


def from_standard_errors(
    diff: float, stderr: tuple[float, float], runs: tuple[int | None, int | None] = (None, None)
) -> StandardError:
    """Welch's test for the means of runs; normal for a value whose error is not of runs."""
    squares = [error * error for error in stderr]
    total = sum(squares)
    freedom = [count - 1 if count is not None else math.inf for count in runs]
    spread = sum(square * square / df for square, df in zip(squares, freedom, strict=True))
    return StandardError(
        diff,
        math.sqrt(total),
        total * total / spread if spread else math.inf,
        "normal" if runs == (None, None) else "welch",
        runs=None if runs == (None, None) else runs,
    )


@dataclass(frozen=True, slots=True)
class PairedShares:
    """Cases that are right or wrong, each judged by both: McNemar's exact test, and Tango's score interval.

    `only_a` and `only_b` are the numbers of the `pairs` that only one of them has right.
    """

    pairs: int
    only_a: int
    only_b: int
    method: ClassVar[Method] = "mcnemar"
    cases: ClassVar[None] = None
    runs: ClassVar[None] = None

    def p_below(self, margin: float = 0.0) -> float:
        """Exact for no margin; by the score for one, and for a larger drop never below the exact value."""
        return _paired_p(self.pairs, self.only_a, self.only_b, margin)

    def p_above(self, margin: float = 0.0) -> float:
        """As `p_below`, with the sides exchanged."""
        return _paired_p(self.pairs, self.only_b, self.only_a, -margin)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The differences that no p-value rejects: zero is one of them unless McNemar's test rejects."""
        diff = (self.only_b - self.only_a) / self.pairs
        low = -_tango_bound(self.pairs, self.only_b, self.only_a, -diff, level)
        high = _tango_bound(self.pairs, self.only_a, self.only_b, diff, level)
        alpha = (1 - level) / 2
        return min(low, 0.0) if self.p_above() > alpha else low, max(
            high, 0.0
        ) if self.p_below() > alpha else high


def _paired_p(n: int, lost: int, won: int, margin: float) -> float:
    exact = half_binomial_cdf(won, lost + won)
    if margin == 0:
        return exact
    score = normal_cdf(_tango(n, lost, won, margin))
    return max(score, exact) if margin < 0 else score


def _tango_bound(n: int, lost: int, won: int, diff: float, level: float) -> float:
    z = _z(level)
    return root(lambda margin: -z - _tango(n, lost, won, margin), diff, 1.0)


def _tango(n: int, lost: int, won: int, margin: float) -> float:
    """Tango's score of a difference (won - lost) / n if the true one is `margin`."""
    if abs(margin) >= 1:
        return -math.copysign(Z_LIMIT, margin)
    linear = (2 * n - won + lost) * margin - won - lost
    square = linear * linear + 8 * n * lost * margin * (1 - margin)
    share = (math.sqrt(max(square, 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + margin * (1 - margin))
    distance = won - lost - n * margin
    if variance <= 0:
        return math.copysign(Z_LIMIT, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _z(level: float) -> float:
    return normal_quantile((1 + level) / 2)
