"""How the values of each type of tensor become floats that can be computed with.

A widening takes the bits of some values and room for as many floats, and returns the floats, there or, where
the values are such floats already, in place.  New arrays for each block would cost more than the arithmetic.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Array = np.ndarray[Any, Any]
    Widen = Callable[[Array, Array], Array]

IN_32 = {"I8": "i1", "U8": "u1", "BOOL": "u1", "I16": "<i2", "U16": "<u2", ">f2": ">f2", ">f4": ">f4"}
IN_32 |= {">i2": ">i2", ">u2": ">u2", ">c8": ">f4"}
IN_64 = {"I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8", ">f8": ">f8"}
IN_64 |= {">i4": ">i4", ">u4": ">u4", ">i8": ">i8", ">u8": ">u8"}
PLAIN = {"F32": "<f4", "C64": "<f4", "F64": "<f8"}
SMALL = {"F16": "<f2", "BF16": "<u2", "F8_E4M3": "u1", "F8_E5M2": "u1"}
SIZES = {dtype: int(stored[-1]) for dtype, stored in (PLAIN | IN_32 | IN_64 | SMALL).items()}
E4M3_BIAS = 7


class ValueType(NamedTuple):
    """The bytes of a value, how an array of them becomes floats, and the type of those."""

    size: int
    widen: "Widen"
    wide: str


def value_type(np: ModuleType, dtype: str) -> ValueType:
    """The type of the values of a tensor, one of SIZES; a complex value is two."""
    if dtype in PLAIN:
        stored = np.dtype(PLAIN[dtype])
        return ValueType(stored.itemsize, lambda bits, _: bits.view(stored), PLAIN[dtype])
    if dtype == "BF16":
        return ValueType(2, lambda bits, floats: _shifted(np, bits, floats), "<f4")
    if dtype == "F16":
        table = np.arange(1 << 16, dtype="<u2").view("<f2").astype("<f4")
        return ValueType(2, lambda bits, floats: np.take(table, bits, out=floats, mode="clip"), "<f4")
    if dtype in SMALL:
        return ValueType(1, _of_8_bits(np, _e4m3(np) if dtype == "F8_E4M3" else _e5m2(np)), "<f4")
    wide, stored = ("<f4", IN_32[dtype]) if dtype in IN_32 else ("<f8", IN_64[dtype])
    return ValueType(
        np.dtype(stored).itemsize, lambda bits, floats: _cast(np, bits.view(stored), floats), wide
    )


def _cast(np: ModuleType, values: "Array", floats: "Array") -> "Array":
    np.copyto(floats, values, casting="unsafe")
    return floats


def _shifted(np: ModuleType, bits: "Array", floats: "Array") -> "Array":
    """A bfloat16 is the first half of a float of 32 bits."""
    whole = floats.view("<u4")
    np.copyto(whole, bits)
    np.left_shift(whole, 16, out=whole)
    return floats


def _of_8_bits(np: ModuleType, table: "Array") -> "Widen":
    """Looks up two bytes at once, which takes half as long."""
    pairs = np.stack([np.tile(table, 256), np.repeat(table, 256)], axis=1).view("<c8").ravel()

    def widen(bits: "Array", floats: "Array") -> "Array":
        even = len(bits) & ~1
        np.take(pairs, bits[:even].view("<u2"), out=floats[:even].view("<c8"), mode="clip")
        floats[even:] = table[bits[even:]]
        return floats

    return widen


def _e5m2(np: ModuleType) -> "Array":
    """The value of each byte, which is the first half of a float of 16 bits."""
    halves: Any = np.arange(256, dtype="<u2") << 8
    return halves.view("<f2").astype("<f4")  # type: ignore[no-any-return]


def _e4m3(np: ModuleType) -> "Array":
    """The value of each byte: no infinity, and NaN only where all other bits are set."""
    table = np.empty(256, "<f4")
    for byte in range(256):
        exponent, fraction = (byte & 0x7F) >> 3, (byte & 7) / 8
        size = (fraction + (exponent > 0)) * 2.0 ** (max(exponent, 1) - E4M3_BIAS)
        table[byte] = np.nan if byte & 0x7F == 0x7F else -size if byte & 0x80 else size
    return table  # type: ignore[no-any-return]
