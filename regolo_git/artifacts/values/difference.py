"""How much the values of a tensor differ: sums of a stream of blocks, with NumPy.

Blocks are small enough to stay in the processor's cache, where each is read several times.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from regolo_git.artifacts.values.types import Array, ValueType

BLOCK = 1 << 15  # values
RUN = 1 << 13  # values; OpenBLAS uses threads above 10,000
TINY = 1e-30  # a sum of squares so small has lost digits in 32 bits


@dataclass(frozen=True, slots=True)
class ValueChange:
    """How much the values of one tensor differ between a and b.

    `relative_norm` is the norm of b - a divided by that of a (None if a is zero and b is not), `cosine` that
    of the angle between both (None if one is zero), `largest` the largest absolute difference, and `changed`
    the share of values with other bits.  Where a or b is NaN or infinite, a value counts only for `changed`
    and for the number of those.  The first three are None beyond the largest number.
    """

    relative_norm: float | None
    cosine: float | None
    largest: float | None
    changed: float
    nan_a: int
    nan_b: int
    infinite_a: int
    infinite_b: int


class Totals:
    """The sums that the measures are computed from."""

    def __init__(self) -> None:
        self.squares_a = self.squares_b = self.squares = self.largest = 0.0
        self.count = self.changed = 0
        self.nan_a = self.nan_b = self.infinite_a = self.infinite_b = 0

    def result(self) -> ValueChange:
        """The measures."""
        a, b, both = math.sqrt(self.squares_a), math.sqrt(self.squares_b), math.sqrt(self.squares)
        relative = both / a if a else math.inf if both else 0.0
        return ValueChange(
            relative if math.isfinite(relative) else None,
            self._cosine(a, b),
            self.largest if math.isfinite(self.largest) else None,
            self.changed / self.count if self.count else 0.0,
            self.nan_a,
            self.nan_b,
            self.infinite_a,
            self.infinite_b,
        )

    def _cosine(self, a: float, b: float) -> float | None:
        """By the law of cosines, which loses no digits where the two hardly differ."""
        if not a or not b or not math.isfinite(a * b + self.squares):
            return None
        return max(-1.0, min(1.0, 1 - (self.squares / (a * b) - (a - b) ** 2 / (a * b)) / 2))


class Sums(Totals):
    """Adds up the differences of a tensor, block by block."""

    def __init__(self, numpy: "ModuleType", kind: "ValueType") -> None:
        super().__init__()
        self._np, self._widen = numpy, kind.widen
        self._bits = numpy.dtype(f"<u{kind.size}")
        self._room = [numpy.empty(BLOCK, kind.wide) for _ in range(3)]

    def add(self, a: memoryview, b: memoryview) -> None:
        """Adds the bytes of some values of both."""
        one, other = self._np.frombuffer(a, self._bits), self._np.frombuffer(b, self._bits)
        with self._np.errstate(all="ignore"):
            for start in range(0, len(one), BLOCK):
                self._add(one[start : start + BLOCK], other[start : start + BLOCK])

    def _add(self, bits_a: "Array", bits_b: "Array") -> None:
        np, size = self._np, len(bits_a)
        self.count += size
        self.changed += int(np.count_nonzero(bits_a != bits_b))
        a, b = (
            self._widen(bits, room[:size]) for bits, room in zip((bits_a, bits_b), self._room, strict=False)
        )
        difference = np.subtract(b, a, out=self._room[2][:size])
        arrays = (a, b, difference)
        squares = [self._square(values) for values in arrays]
        exact = (square > TINY or not values.any() for square, values in zip(squares, arrays, strict=True))
        if math.isfinite(sum(squares)) and all(exact):
            self._total(squares, max(float(difference.max()), -float(difference.min())))
        else:  # NaN, infinity, or squares that 32 bits cannot hold
            self._add_finite(a.astype("f8"), b.astype("f8"))

    def _square(self, values: "Array") -> float:
        """The sum of squares, in runs that BLAS computes in one thread: more cost more than they save."""
        whole = len(values) // RUN * RUN
        runs = values[:whole].reshape(-1, RUN)
        products = self._np.matmul(runs[:, None, :], runs[:, :, None])
        rest = values[whole:]
        return float(products.sum(dtype="f8")) + float(self._np.dot(rest, rest))

    def _add_finite(self, a: "Array", b: "Array") -> None:
        np = self._np
        self.nan_a += int(np.count_nonzero(np.isnan(a)))
        self.nan_b += int(np.count_nonzero(np.isnan(b)))
        self.infinite_a += int(np.count_nonzero(np.isinf(a)))
        self.infinite_b += int(np.count_nonzero(np.isinf(b)))
        finite = np.isfinite(a) & np.isfinite(b)
        a, b = a[finite], b[finite]
        difference = b - a
        squares = [self._square(values) for values in (a, b, difference)]
        self._total(squares, float(np.abs(difference).max(initial=0.0)))

    def _total(self, squares: list[float], largest: float) -> None:
        self.squares_a += squares[0]
        self.squares_b += squares[1]
        self.squares += squares[2]
        self.largest = max(self.largest, largest)
