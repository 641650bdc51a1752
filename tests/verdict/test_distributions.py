"""Probabilities, checked against known values and, where it is installed, against SciPy."""

import math

import pytest

from regolo_git.verdict.distributions import (
    beta_cdf,
    half_binomial_cdf,
    normal_cdf,
    normal_quantile,
    root,
    t_cdf,
    t_quantile,
)


def test_known_values() -> None:
    assert normal_cdf(1.959963984540054) == pytest.approx(0.975)
    assert normal_quantile(0.95) == pytest.approx(1.6448536269514722)
    assert t_cdf(2.131846786, 4) == pytest.approx(0.95)
    assert t_quantile(0.95, 4) == pytest.approx(2.131846786)
    assert t_quantile(0.999999, 1) == pytest.approx(318309.886, rel=1e-6)
    assert (t_quantile(0.5, 3), t_quantile(0.95, math.inf)) == (pytest.approx(0), normal_quantile(0.95))
    assert half_binomial_cdf(1, 3) == pytest.approx(0.5)
    assert half_binomial_cdf(0, 10) == pytest.approx(2**-10)


def test_the_ends() -> None:
    assert (half_binomial_cdf(-1, 3), half_binomial_cdf(3, 3), half_binomial_cdf(0, 0)) == (0, 1, 1)
    assert (beta_cdf(0, 1, 1), beta_cdf(1, 1, 1)) == (0, 1)
    assert (t_cdf(-math.inf, 3), t_cdf(math.inf, 3), t_cdf(0, 3)) == (0, 1, 0.5)


def test_a_root_outside_is_the_nearer_end() -> None:
    assert root(lambda x: x - 9, 0, 1) == pytest.approx(1)
    assert root(lambda x: x + 9, 0, 1) == pytest.approx(0)


@pytest.mark.slow  # the import takes two seconds
def test_scipy_says_the_same() -> None:
    stats = pytest.importorskip("scipy.stats")
    for z in (-8.0, -1.3, 0.0, 0.2, 3.0):
        assert normal_cdf(z) == pytest.approx(stats.norm.cdf(z), rel=1e-10)
        for df in (1.0, 2.5, 7.0, 100.0, 1e5, math.inf):
            assert t_cdf(z, df) == pytest.approx(stats.t.cdf(z, df), abs=1e-10)
    for n in (1, 5, 40, 1000, 500_000):
        for k in {0, 1, n // 3, n // 2, n - 1}:
            assert half_binomial_cdf(k, n) == pytest.approx(stats.binom.cdf(k, n, 0.5), abs=1e-9)
