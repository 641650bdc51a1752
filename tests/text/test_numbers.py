"""How numbers, shares and counts read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.text import numbers
from regolo_git.text.numbers import Number


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.92, "0.92"), (3, "3"), (1e-7, "1e-07"), (0.0, "0.0")]
)
def test_a_number_is_as_short_as_it_can_be(value: Number | None, text: str) -> None:
    assert numbers.number_text(value) == text


@given(st.integers() | st.floats(allow_nan=False))
def test_a_number_reads_back(value: Number) -> None:
    assert type(value)(numbers.number_text(value)) == value


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (0.9333333333333333, None, "0.933333"),
        (0.92, 0.91, "0.92"),
        (1 / 3, 1 / 3, "0.333333"),
        (0.90000001, 0.9, "0.90000001"),
        (0.9, 0.90000001, "0.9"),
        (1234567.891, None, "1234568.0"),
        (1.23456789e-20, None, "1.23457e-20"),
        (1234567, 2, "1234567"),
        (float("nan"), 1.0, "nan"),
        (None, 1.0, "-"),
    ],
)
def test_a_metric_is_rounded_but_told_from_the_one_beside_it(
    value: Number | None, beside: Number | None, text: str
) -> None:
    assert numbers.rounded_text(value, beside) == text


@given(st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_different_metrics_read_differently(value: float, beside: Number) -> None:
    texts = {numbers.rounded_text(value, beside), numbers.rounded_text(beside, value)}
    assert len(texts) == 2 or value == beside


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (3, "+3"), (-3, "-3"), (0, "+0"), (0.030000001, "+0.03"), (-1.23456789, "-1.23457")],
)
def test_a_difference_has_its_sign(value: Number | None, text: str) -> None:
    assert numbers.signed_number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.5, "50.00%"), (0.12345, "12.35%"), (1, "100.00%")]
)
def test_a_part_is_in_percent(value: float | None, text: str) -> None:
    assert numbers.percent_text(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.5, "+50.00%"), (-0.01, "-1.00%")])
def test_a_relative_change_is_in_percent_with_its_sign(value: float | None, text: str) -> None:
    assert numbers.signed_percent_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.1 + 0.2, "0.3"), (33.3, "33.3"), (1.0, "1"), (0.1234567891, "0.1234567891")]
)
def test_a_decimal_has_no_binary_digits(value: float, text: str) -> None:
    assert numbers.decimal_text(value) == text


def test_a_split_names_each_version_with_its_share() -> None:
    assert numbers.share_text(0.333) == "33.3%"
    assert numbers.shares_text({"1.0": 0.9, "1.1": 0.1}) == "1.0=90% 1.1=10%"
    assert numbers.shares_text({}) == ""


@pytest.mark.parametrize(("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_a_count_has_its_noun(number: int, text: str) -> None:
    assert numbers.counted(number, "file") == text


@pytest.mark.parametrize(
    ("shown", "total", "text"),
    [(["a"], 1, "a"), (["a", "b"], 5, "a, b and 3 more"), ([], 2, " and 2 more")],
)
def test_a_few_of_many_say_how_many_more_there_are(shown: list[str], total: int, text: str) -> None:
    assert numbers.few_of(shown, total) == text
