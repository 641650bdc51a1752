"""Sizes as text, in decimal units: 1 MB is 1,000,000 bytes."""

import re

from regolo_git.text.numbers import MISSING

UNITS = ("B", "kB", "MB", "GB", "TB")
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?", re.IGNORECASE | re.ASCII)


def size_text(size: int | None) -> str:
    """Bytes with a unit: `612 B`, `1.5 MB`, `91 MB`."""
    if size is None:
        return MISSING
    value, unit = float(abs(size)), UNITS[0]
    for unit in UNITS:
        # Compare the rounded value: 999,999 bytes are 1.0 MB, not 1000 kB.
        if round(value) < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    digits = 0 if unit == "B" or round(value, 1) >= 100 else 1
    return f"{'-' if size < 0 else ''}{value:.{digits}f} {unit}"


def signed_size_text(size: int) -> str:
    """A signed difference in size: `+1.5 MB`, `same size`."""
    return "same size" if size == 0 else f"{'+' if size > 0 else ''}{size_text(size)}"


def parse_size(text: str) -> int | None:
    """The bytes of `1000`, `64MB` or `16MiB`, whose units are powers of 1024; None if it is not a size."""
    found = SIZE.fullmatch(text.strip())
    if found is None or (found[3] and not found[2]):
        return None
    power = "kmgt".find(found[2].lower()) + 1 if found[2] else 0
    return round(float(found[1]) * int((1024 if found[3] else 1000) ** power))
