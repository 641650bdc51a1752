"""How numbers read: metrics, differences with their sign, percentages, shares of traffic, counts."""

from collections.abc import Mapping, Sequence

Number = int | float

MISSING = "-"  # stands where there is no value


def number_text(value: Number | None) -> str:
    """The shortest decimal that reads back as the same number: `0.92`."""
    return MISSING if value is None else repr(value)


def signed_number_text(value: Number | None) -> str:
    """A difference with its sign, a float to six digits: `+0.03`; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:+d}" if isinstance(value, int) else f"{value:+.6g}"


def percent_text(value: float | None) -> str:
    """A part of one in percent: `3.25%`."""
    return MISSING if value is None else f"{value:.2%}"


def signed_percent_text(value: float | None) -> str:
    """A relative change in percent with its sign: `+3.25%`; nothing where there is none."""
    return "" if value is None else f"{value:+.2%}"


def decimal_text(value: float) -> str:
    """A number without the digits that binary arithmetic adds: `0.3`, where 0.1 + 0.2 was computed."""
    return f"{value:.10g}"


def share_text(share: float) -> str:
    """A share of the traffic: `90%`, `33.3%`."""
    return f"{decimal_text(share * 100)}%"


def shares_text(shares: Mapping[str, float]) -> str:
    """A traffic split: `1.0=90% 1.1=10%`."""
    return " ".join(f"{version}={share_text(share)}" for version, share in shares.items())


def counted(number: int, noun: str) -> str:
    """A count with its noun: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def few_of(shown: Sequence[str], total: int) -> str:
    """Some of `total` names, and how many more there are: `a, b and 3 more`."""
    rest = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{', '.join(shown)}{rest}"
