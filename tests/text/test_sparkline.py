"""A trend as a row of bars."""

from hypothesis import given
from hypothesis import strategies as st

from regolo_git.text.sparkline import ASCII_BARS, BARS, sparkline


def test_a_trend_goes_from_the_lowest_bar_to_the_highest() -> None:
    assert sparkline([0.89, 0.92], ascii_only=False) == "▁█"
    assert sparkline([1, None, 2], ascii_only=True) == "_ #"
    assert sparkline([3, 3], ascii_only=False) == "▅▅"
    assert sparkline([None], ascii_only=False) == ""


@given(st.lists(st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_trend_has_one_sign_for_each_value(values: list[int | float | None]) -> None:
    for ascii_only, bars in ((False, BARS), (True, ASCII_BARS)):
        drawn = sparkline(values, ascii_only=ascii_only)
        assert set(drawn) <= set(bars) | {" "}
        assert len(drawn) == (len(values) if any(v is not None for v in values) else 0)
