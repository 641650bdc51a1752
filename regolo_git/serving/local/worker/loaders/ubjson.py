"""Whether a file is one whole value of UBJSON, which XGBoost writes and reads beyond the end of.

Only the structure is walked; lists of numbers, which are nearly all of a model, are skipped at once.
"""

from pathlib import Path
from typing import Final

from regolo_git.errors import IntegrityError

WIDTHS: Final = {
    b"Z": 0,
    b"T": 0,
    b"F": 0,
    b"i": 1,
    b"U": 1,
    b"C": 1,
    b"I": 2,
    b"l": 4,
    b"d": 4,
    b"L": 8,
    b"D": 8,
}
INTEGERS: Final = (b"i", b"U", b"I", b"l", b"L")
DEEPEST: Final = 64


def check_ubjson(path: Path) -> None:
    """Raises IntegrityError for a file that is not one whole object."""
    data = path.read_bytes()
    try:
        is_whole = data[:1] == b"{" and _Walk(data).value(b"{", 1, DEEPEST) == len(data)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise IntegrityError(f"'{path.name}' is not a whole model of XGBoost in UBJSON")


class _Walk:
    """Finds the ends of values; raises ValueError for one that has none."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def value(self, kind: bytes, at: int, depth: int) -> int:
        """The end of a value whose type is before `at`."""
        if kind in WIDTHS:
            return self._skip(at, WIDTHS[kind])
        if kind in (b"S", b"H"):
            return self._text(at)
        if kind in (b"[", b"{") and depth:
            return self._container(kind, at, depth - 1)
        raise ValueError(kind)

    def _skip(self, at: int, size: int) -> int:
        if size < 0 or at + size > len(self._data):
            raise ValueError("beyond the end")
        return at + size

    def _kind(self, at: int) -> tuple[bytes, int]:
        return self._data[at : at + 1], self._skip(at, 1)

    def _text(self, at: int) -> int:
        size, at = self._count(at)
        return self._skip(at, size)

    def _count(self, at: int) -> tuple[int, int]:
        kind, at = self._kind(at)
        if kind not in INTEGERS:
            raise ValueError("a length is not an integer")
        end = self._skip(at, WIDTHS[kind])
        return int.from_bytes(self._data[at:end], "big", signed=kind != b"U"), end

    def _container(self, kind: bytes, at: int, depth: int) -> int:
        held, close = None, b"]" if kind == b"[" else b"}"
        if self._data[at : at + 1] == b"$":
            held, at = self._kind(at + 1)
        if self._data[at : at + 1] != b"#":
            if held is not None:
                raise ValueError("a type without a count")
            return self._until(kind, close, at, depth)
        count, at = self._count(at + 1)
        if held in WIDTHS and kind == b"[":
            return self._skip(at, count * WIDTHS[held])
        for _ in range(count):
            at = self._entry(kind, held, at, depth)
        return at

    def _until(self, kind: bytes, close: bytes, at: int, depth: int) -> int:
        while self._data[at : at + 1] != close:
            at = self._entry(kind, None, at, depth)
        return at + 1

    def _entry(self, kind: bytes, held: bytes | None, at: int, depth: int) -> int:
        """An element, or a name and its value; of the type `held` if all have one."""
        if kind == b"{":
            at = self._text(at)
        if held is None:
            held, at = self._kind(at)
        return self.value(held, at, depth)
