"""Numbers as text: metrics, signed differences, percentages, traffic shares, counts."""

from collections.abc import Mapping, Sequence
from math import isfinite

Number = int | float

MISSING = "-"  # printed in place of a missing value
SIGNIFICANT = 6  # digits of a metric in a table
EXACT = 17  # digits that tell any two floats apart


def number_text(value: Number | None) -> str:
    """The shortest decimal that reads back as the same number: `0.92`."""
    return MISSING if value is None else repr(value)


def rounded_text(value: Number | None, beside: Number | None = None) -> str:
    """A number to six digits, or to as many as tell it from the one beside it: `0.933333`."""
    if not isinstance(value, float) or not isfinite(value):
        return number_text(value)
    for digits in range(SIGNIFICANT, EXACT):
        text = _to_digits(value, digits)
        if beside is None or beside == value or text != _to_digits(beside, digits):
            return text
    return repr(value)


def _to_digits(value: Number, digits: int) -> str:
    """To some significant digits, and never fewer than before the decimal point."""
    return repr(float(f"{value:.{max(digits, len(f'{abs(value):.0f}'))}g}"))


def signed_number_text(value: Number | None) -> str:
    """A signed difference, floats to six digits: `+0.03`; empty for None."""
    if value is None:
        return ""
    return f"{value:+d}" if isinstance(value, int) else f"{value:+.6g}"


def half_width_text(low: float, high: float) -> str:
    """Half an interval, to two digits: `± 0.013`."""
    return f"± {float(f'{(high - low) / 2:.2g}'):.6g}"


def percent_text(value: float | None) -> str:
    """A fraction as a percentage: `3.25%`."""
    return MISSING if value is None else f"{value:.2%}"


def signed_percent_text(value: float | None) -> str:
    """A relative change as a signed percentage: `+3.25%`; empty for None."""
    return "" if value is None else f"{value:+.2%}"


def significant_text(value: float | None, *, digits: int = 3) -> str:
    """A measured value, to some digits: `0.00123`."""
    return MISSING if value is None else f"{value:.{digits}g}"


def decimal_text(value: float) -> str:
    """A number without binary rounding noise: `0.3` for 0.1 + 0.2."""
    return f"{value:.10g}"


def share_text(share: float) -> str:
    """A traffic share: `90%`, `33.3%`."""
    return f"{decimal_text(share * 100)}%"


def shares_text(shares: Mapping[str, float]) -> str:
    """A traffic split: `1.0=90% 1.1=10%`."""
    return " ".join(f"{version}={share_text(share)}" for version, share in shares.items())


def counted(number: int, noun: str) -> str:
    """A count with its noun: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def few_of(shown: Sequence[str], total: int) -> str:
    """Some of `total` names and the number of the rest: `a, b and 3 more`."""
    rest = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{', '.join(shown)}{rest}"
