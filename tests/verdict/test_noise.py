"""Intervals and p-values, checked against published examples."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regolo_git.verdict.noise import Noise, PairedShares, Shares, StandardError, from_standard_errors

EXAMPLES: dict[str, Noise] = {
    "shares": Shares(0.89, 0.91, (2000, 1500)),
    "equal shares": Shares(1, 1, (50, 50)),
    "normal": StandardError(0.02, 0.01),
    "welch": StandardError(-3, 2, 4.5, "welch"),
    "pairs": PairedShares(1000, 20, 33),
    "pairs that agree": PairedShares(200, 0, 0),
    "pairs of one side": PairedShares(30, 0, 30),
}


def test_newcombe_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table II: 56/70 and 48/80.
    assert Shares(48 / 80, 56 / 70, (80, 70)).interval(0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert Shares(0, 0, (10, 10)).interval(0.95) == pytest.approx((-0.2775, 0.2775), abs=5e-5)


def test_mcnemar_is_the_binomial_tail() -> None:
    assert PairedShares(100, 1, 6).p_above() == pytest.approx((1 + 7) / 2**7)
    assert PairedShares(100, 6, 1).p_below() == pytest.approx((1 + 7) / 2**7)
    assert PairedShares(100, 0, 0).p_above() == 1


def test_tango_as_published() -> None:
    # Tango, Statistics in Medicine 17 (1998): 43, 0, 1 and 0 of 44; and twelve against two of fourteen.
    assert PairedShares(44, 0, 1).interval(0.95)[1] == pytest.approx(0.118, abs=5e-4)
    statistic_of_the_bound = PairedShares(50, 2, 12).interval(0.95)[1]
    assert PairedShares(50, 2, 12).p_below(statistic_of_the_bound) == pytest.approx(0.025)


def test_welch_as_computed_by_hand() -> None:
    noise = from_standard_errors(1.0, (0.1, 0.2), (5, 5))
    assert noise.method == "welch"
    assert noise.df == pytest.approx(0.05**2 / (0.01**2 / 4 + 0.04**2 / 4))
    assert from_standard_errors(1.0, (3.0, 4.0)) == StandardError(1.0, 5.0)
    one = from_standard_errors(1.0, (0.1, 0.2), (5, None))
    assert (one.method, one.runs) == ("welch", (5, None))
    assert from_standard_errors(0.0, (0, 0), (5, 5)).interval() == (0, 0)


def test_the_interval_of_five_runs() -> None:
    low, high = StandardError(13.8, 1.1, 4).interval()
    assert (low, high) == pytest.approx((13.8 - 1.1 * 2.131846786, 13.8 + 1.1 * 2.131846786))


def test_a_value_without_error_differs_or_not() -> None:
    exact = StandardError(0.5, 0.0)
    assert (exact.interval(), exact.p_above(), exact.p_below()) == ((0.5, 0.5), 0, 1)
    assert (exact.p_above(0.5), exact.p_below(0.5)) == (1, 1)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_p_value_and_an_interval_agree(name: str) -> None:
    noise = EXAMPLES[name]
    low, high = noise.interval()
    assert low <= high
    assert noise.p_above(low - 1e-6) <= 0.0501
    assert noise.p_below(high + 1e-6) <= 0.0501
    assert (noise.p_above() <= 0.05) == (low > 0)
    assert (noise.p_below() <= 0.05) == (high < 0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_wider_level_is_a_wider_interval(name: str) -> None:
    noise = EXAMPLES[name]
    inner, outer = noise.interval(0.8), noise.interval(0.99)
    assert outer[0] <= inner[0] <= inner[1] <= outer[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 50), st.integers(0, 50), st.floats(-1, 1), st.floats(-1, 1))
def test_a_larger_margin_is_harder_to_exceed(
    both: int, lost: int, won: int, one: float, other: float
) -> None:
    for noise in (PairedShares(both + lost + won, lost, won), Shares(lost / 50, won / 50, (50, both))):
        small, large = sorted([one, other])
        assert noise.p_above(small) <= noise.p_above(large) + 1e-6
        assert noise.p_below(large) <= noise.p_below(small) + 1e-6
        assert all(math.isfinite(bound) for bound in noise.interval())
