"""Probabilities of the normal, Student's and the binomial distribution, without dependencies.

Accurate to about ten digits, which tests check against SciPy.
"""

import math
from collections.abc import Callable
from functools import cache

STEPS = 200  # halvings are enough for any range
NEWTON_TOLERANCE = 1e-12
TOLERANCE = 1e-14  # relative; of the smallest values that matter, absolute
FRACTION_STEPS = 100_000
FRACTION_TINY = 1e-300
FRACTION_EPSILON = 1e-15


def normal_cdf(z: float) -> float:
    """The probability that a standard normal value is at most `z`."""
    return math.erfc(-z / math.sqrt(2)) / 2


@cache
def normal_quantile(probability: float) -> float:
    """The value that a standard normal value is below with this probability."""
    return root(lambda z: normal_cdf(z) - probability, -40.0, 40.0)


def t_cdf(t: float, df: float) -> float:
    """The probability that a value of Student's distribution with `df` degrees of freedom is at most `t`."""
    if math.isinf(df):
        return normal_cdf(t)
    if math.isinf(t):
        return float(t > 0)
    tail = beta_cdf(df / (df + t * t), df / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(probability: float, df: float) -> float:
    """The value that a value of Student's distribution is below with this probability, at least one half.

    Newton's steps from the normal quantile, which is smaller, do not pass it: the function is concave there.
    """
    t = normal_quantile(probability)
    if math.isinf(df):
        return t
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    for _ in range(STEPS):
        density = math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))
        step = (probability - t_cdf(t, df)) / density
        t += step
        if step <= NEWTON_TOLERANCE * t:
            break
    return t


def half_binomial_cdf(successes: int, trials: int) -> float:
    """The probability of at most so many heads in fair tosses."""
    if successes < 0:
        return 0.0
    return 1.0 if successes >= trials else beta_cdf(0.5, trials - successes, successes + 1)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(x, a, b) / a


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for step in range(1, FRACTION_STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for part in (even, odd):
            d = 1 / _not_zero(1 + part * d)
            c = _not_zero(1 + part / c)
            value *= d * c
        if abs(d * c - 1) < FRACTION_EPSILON:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > FRACTION_TINY else FRACTION_TINY


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """The point at which a rising function passes zero between two points, or the nearer of the two."""
    for _ in range(STEPS):
        middle = (low + high) / 2
        if high - low <= TOLERANCE * max(abs(low), abs(high), TOLERANCE):
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
