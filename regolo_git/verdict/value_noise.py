"""The noise of one measured value, for a limit that is a number and not another version."""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

from regolo_git.records.measurement import Measurement
from regolo_git.verdict.distributions import normal_cdf, normal_quantile
from regolo_git.verdict.noise import LEVEL, StandardError, wilson


class ValueNoise(Protocol):
    """What is known of a true value, or of a true difference (`noise.Noise` is one)."""

    @property
    def method(self) -> str:
        """The name of the method."""

    def p_below(self, margin: float = 0.0) -> float:
        """The one-sided p-value for a true value below `margin`."""

    def p_above(self, margin: float = 0.0) -> float:
        """The one-sided p-value for a true value above `margin`."""

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that covers the true value at this level, with equal tails."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of n cases: the score test, whose interval is Wilson's."""

    share: float
    n: int
    method: ClassVar[str] = "wilson"

    def p_below(self, margin: float = 0.0) -> float:
        """The probability of so small a share if the true one were `margin`."""
        return normal_cdf(self._score(margin))

    def p_above(self, margin: float = 0.0) -> float:
        """The probability of so large a share if the true one were `margin`."""
        return normal_cdf(-self._score(margin))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Wilson's interval."""
        return wilson(self.share, self.n, normal_quantile((1 + level) / 2))

    def _score(self, margin: float) -> float:
        error = math.sqrt(max(margin * (1 - margin), 0.0) / self.n)
        distance = self.share - margin
        return distance / error if error else math.copysign(math.inf, distance) if distance else 0.0


def noise_of(measured: Measurement) -> ValueNoise | None:
    """The noise of a value by what is known of it; None if nothing is."""
    if measured.stderr is not None:
        freedom = measured.runs - 1 if measured.runs is not None else math.inf
        return StandardError(float(measured.value), measured.stderr, freedom)
    if measured.n is not None and 0 <= measured.value <= 1:
        return Share(float(measured.value), measured.n)
    return None
