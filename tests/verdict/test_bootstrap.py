"""The noise of a mean of differences."""

import random

import pytest

from regolo_git.verdict import bootstrap
from regolo_git.verdict.bootstrap import FEW, GROUPS, Bootstrap, noise_of_differences
from regolo_git.verdict.noise import StandardError


def differences(count: int, mean: float = 0.0, seed: int = 1) -> list[float]:
    """Normal differences of which none is like another."""
    generator = random.Random(seed)
    return [generator.gauss(mean, 1) for _ in range(count)]


def test_few_rows_are_students() -> None:
    noise = noise_of_differences([1.0, 2.0, 3.0])
    assert noise == StandardError(2.0, (1 / 3) ** 0.5, 2, "paired t", pairs=3)
    assert noise_of_differences(differences(FEW - 1)).method == "paired t"


@pytest.mark.parametrize("count", [FEW, 200, GROUPS + 1])
def test_normal_differences_have_about_the_normal_interval(count: int) -> None:
    noise = noise_of_differences(differences(count, mean=0.5))
    assert isinstance(noise, Bootstrap)
    assert (noise.method, noise.pairs) == ("bootstrap", count)
    student = noise.student.interval()
    low, high = noise.interval()
    assert low <= student[0] < student[1] <= high
    assert high - low < 1.4 * (student[1] - student[0])


def test_the_order_of_the_rows_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWS", 49)
    rows = differences(2 * GROUPS)
    assert noise_of_differences(rows) == noise_of_differences(rows[::-1])


@pytest.mark.parametrize("mean", [-0.3, -0.16, -0.05, 0.2])
def test_a_p_value_and_an_interval_agree(mean: float) -> None:
    noise = noise_of_differences(differences(100, mean))
    low, high = noise.interval()
    assert noise.p_above(low - 1e-9) <= 0.05 < noise.p_above(low + 1e-9)
    assert noise.p_below(high + 1e-9) <= 0.05 < noise.p_below(high - 1e-9)
    assert (noise.p_below() <= 0.05) == (high < 0)


def test_rows_of_which_most_do_not_differ_prove_little() -> None:
    rows = [0.0] * 45 + [-0.1, -0.2, -0.3, -0.01]
    noise = noise_of_differences(rows)
    assert isinstance(noise, Bootstrap)
    assert noise.p_below() >= noise.student.p_below() > 0.02


def test_rows_that_all_differ_alike_need_no_draws() -> None:
    noise = noise_of_differences([0.5] * 100)
    assert (noise.interval(), noise.p_above()) == ((0.5, 0.5), 0.0)
    assert noise_of_differences([0.0] * 100).p_above() == 1.0
