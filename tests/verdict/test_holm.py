"""Several metrics judged at once."""

import pytest

from regolo_git.verdict.holm import holm


def test_the_smallest_is_multiplied_by_all_and_the_largest_by_none() -> None:
    corrected = holm({"a": 0.03, "b": 0.01, "c": 0.04, "d": 0.005})
    assert corrected == pytest.approx({"a": 0.06, "b": 0.03, "c": 0.06, "d": 0.02})
    assert list(corrected) == ["a", "b", "c", "d"]


def test_no_probability_is_over_one() -> None:
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1, "b": 1}
    assert holm({"a": 0.04}) == {"a": 0.04}
    assert holm({}) == {}
