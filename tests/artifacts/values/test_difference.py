"""The differences of tensors' values, checked against NumPy's own arithmetic in 64 bits."""

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from regolo_git.artifacts.values.difference import BLOCK, Sums, ValueChange
from regolo_git.artifacts.values.types import SIZES, value_type

STORED: dict[str, Any] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2, "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "u1",
    "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "?", ">f2": ">f2", ">f4": ">f4", ">f8": ">f8",
    ">i2": ">i2", ">i4": ">i4", ">i8": ">i8", ">u2": ">u2", ">u4": ">u4", ">u8": ">u8",
}  # fmt: skip


def difference(dtype: str, a: Any, b: Any, pieces: int = 1) -> ValueChange:
    """The change of arrays in the type of a tensor, added in some pieces."""
    kind = value_type(np, dtype)
    sums = Sums(np, kind)
    sides = [np.ascontiguousarray(side).view(np.uint8).tobytes() for side in (a, b)]
    step = max(kind.size, len(sides[0]) // kind.size // pieces * kind.size)
    for start in range(0, len(sides[0]), step):
        sums.add(*(memoryview(side)[start : start + step] for side in sides))
    return sums.result()


def expected(a: Any, b: Any) -> tuple[float, float, float, float]:
    """Relative norm, cosine, largest change and share changed."""
    wide = [np.asarray(side).astype(np.float64) for side in (a, b)]
    both = np.linalg.norm(wide[1] - wide[0])
    norms = [np.linalg.norm(side) for side in wide]
    cosine = float(wide[0] @ wide[1] / norms[0] / norms[1])
    changed = float(np.mean(wide[0] != wide[1]))
    return float(both / norms[0]), cosine, float(np.abs(wide[1] - wide[0]).max()), changed


@pytest.mark.parametrize("dtype", STORED)
def test_each_type_is_computed_as_in_64_bits(dtype: str) -> None:
    generator = np.random.default_rng(1)
    a = (
        generator.integers(0, 2, BLOCK + 77)
        if dtype == "BOOL"
        else generator.integers(0, 100, BLOCK + 77) / 8
    )
    b = np.where(generator.random(len(a)) < 0.25, a[::-1], a)
    one, other = a.astype(STORED[dtype]), b.astype(STORED[dtype])
    found = difference(dtype, one, other, pieces=3)
    measures = found.relative_norm, found.cosine, found.largest, found.changed
    assert measures == pytest.approx(expected(one, other), rel=1e-5)
    assert (found.nan_a, found.nan_b, found.infinite_a, found.infinite_b) == (0, 0, 0, 0)


def test_every_type_is_tested() -> None:
    assert {*STORED, "C64", ">c8"} == set(SIZES)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2", "F16", "BF16"])
def test_every_value_of_a_small_type_is_right(dtype: str) -> None:
    size = SIZES[dtype]
    bits = np.arange(256**size, dtype=f"<u{size}")
    with np.errstate(all="ignore"):
        values = bits.view(STORED[dtype]).astype(np.float32)
        ours = value_type(np, dtype).widen(bits, np.empty(len(bits), "<f4"))
    assert np.array_equal(values, ours, equal_nan=True)


def test_complex_values_are_two() -> None:
    a, b = np.array([1 + 2j], np.complex64), np.array([1 + 4j], np.complex64)
    found = difference("C64", a, b)
    assert (found.largest, found.changed) == (2, 0.5)
    assert difference(">c8", a.astype(">c8"), b.astype(">c8")) == found


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    a = np.array([1, 2, math.nan, math.inf, 3, math.nan], np.float32)
    b = np.array([1, 4, 7, math.inf, math.nan, math.nan], np.float32)
    found = difference("F32", a, b)
    assert (found.nan_a, found.nan_b, found.infinite_a, found.infinite_b) == (2, 2, 1, 1)
    assert found.relative_norm == pytest.approx(2 / math.sqrt(5))
    assert (found.largest, found.changed) == (2, 0.5)


def test_zeros_have_no_angle_and_no_relative_norm() -> None:
    zeros, ones = np.zeros(4, np.float32), np.ones(4, np.float32)
    assert difference("F32", zeros, zeros) == ValueChange(0.0, None, 0.0, 0.0, 0, 0, 0, 0)
    assert difference("F32", zeros, ones) == ValueChange(None, None, 1.0, 1.0, 0, 0, 0, 0)
    assert difference("F32", ones, zeros) == ValueChange(1.0, None, 1.0, 1.0, 0, 0, 0, 0)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_squares_that_32_bits_cannot_hold_are_computed_in_64(scale: float) -> None:
    a = np.array([1, 2, 2], np.float32) * np.float32(scale)
    found = difference("F32", a, a * np.float32(2))
    assert (found.relative_norm, found.cosine) == (pytest.approx(1), pytest.approx(1))


def test_a_tiny_change_keeps_its_size() -> None:
    a = np.full(1000, 0.5, np.float32)
    b = a.copy()
    b[7] = np.nextafter(np.float32(0.5), np.float32(1))
    found = difference("F32", a, b)
    assert found.largest == 2.0**-24
    assert found.relative_norm == pytest.approx(2.0**-24 / np.linalg.norm(a.astype(float)))
    assert found.cosine == 1.0


def test_values_beyond_the_largest_number_have_no_measure() -> None:
    found = difference("F64", np.array([1e300, 0]), np.array([-1e308, 1]))
    assert (found.relative_norm, found.cosine) == (None, None)
    assert difference("F64", np.array([-1.7e308]), np.array([1.7e308])).largest is None
