"""Sparklines: a series of numbers as one bar character per value."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=*#"


def sparkline(values: Sequence[int | float | None], *, ascii_only: bool) -> str:
    """One character per value, a space for None; equal values give equal bars of medium height."""
    bars = ASCII_BARS if ascii_only else BARS
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(" " if value is None else bars[_level(value, low, high, len(bars))] for value in values)


def _level(value: float, low: float, high: float, levels: int) -> int:
    if high == low:
        return levels // 2
    # Divide before multiplying, so that values near the largest float do not overflow.
    share = value / (high - low) - low / (high - low) if high - low != float("inf") else 0.5
    return min(levels - 1, max(0, int(share * levels)))
