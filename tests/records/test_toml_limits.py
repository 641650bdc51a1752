"""Limits have two ends, and an error names the keys."""

import math

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records import toml_limits


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0])
def test_integers_have_64_bits(value: int) -> None:
    assert toml_limits.check_integer(value, ("k",)) == value


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_longer_integer_is_refused(value: int) -> None:
    with pytest.raises(InvalidInput, match=r"^'a\.b' does not fit in a 64-bit integer"):
        toml_limits.check_integer(value, ("a", "b"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_is_finite(value: float) -> None:
    assert toml_limits.check_float(1e308, ("k",)) == 1e308
    with pytest.raises(InvalidInput, match=r"^'k' is -?(?:nan|inf), not a finite number"):
        toml_limits.check_float(value, ("k",))


def test_text_has_a_form_in_utf_8() -> None:
    assert toml_limits.check_text("zoë", ("k",)) == "zoë"
    with pytest.raises(InvalidInput, match=r"^'k' has a lone surrogate"):
        toml_limits.check_text("a\ud800", ("k",))


def test_tables_are_not_too_deep() -> None:
    toml_limits.check_depth(("k",) * toml_limits.DEPTH)
    with pytest.raises(InvalidInput, match=r"^'k\.k\.k…' is nested deeper than 32 levels$"):
        toml_limits.check_depth(("k",) * (toml_limits.DEPTH + 1))


def test_a_name_can_be_printed_and_leaves_elements_out() -> None:
    assert toml_limits.key_name(("a", "", "\x1b")) == "a.\\x1b"
