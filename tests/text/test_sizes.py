"""Sizes are in decimal units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.text.sizes import UNITS, parse_size, signed_size_text, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (-1500, "-1.5 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_999, "1.0 MB"),
        (90_868_376, "90.9 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_a_size_has_a_decimal_unit(size: int | None, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1000B", 1000),
        ("64MB", 64_000_000),
        ("64 mb", 64_000_000),
        ("1.5k", 1500),
        ("16MiB", 16 << 20),
        ("2gib", 2 << 30),
        ("", None),
        ("-1", None),
        ("MB", None),
        ("1iB", None),
        ("1XB", None),
        ("1e3", None),
        ("nan", None),
    ],
)
def test_a_size_is_read_in_decimal_or_binary_units(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@given(st.integers(0, 10**15))
def test_a_size_is_at_most_999_of_its_unit(size: int) -> None:
    number, unit = size_text(size).split()
    assert float(number) < 1000 or unit == "TB"
    assert float(number) * 1000 ** UNITS.index(unit) == pytest.approx(size, rel=0.06)


@pytest.mark.parametrize(("size", "text"), [(0, "same size"), (1, "+1 B"), (-1500, "-1.5 kB")])
def test_a_difference_has_its_sign(size: int, text: str) -> None:
    assert signed_size_text(size) == text
