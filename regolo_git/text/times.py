"""Times and durations as text, and durations parsed."""

import re
from datetime import UTC, datetime

from regolo_git.text.numbers import MISSING, counted

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
# Up to what age, in seconds, it is written in a unit of how many.
AGES = (
    (90, "second", 1),
    (90 * MINUTE, "minute", MINUTE),
    (36 * HOUR, "hour", HOUR),
    (14 * DAY, "day", DAY),
    (70 * DAY, "week", 7 * DAY),
    (YEAR, "month", 30 * DAY),
)
MONTHS_SHOWN_UNTIL = 5 * YEAR
DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)


def local_time(when: datetime) -> str:
    """A time in the local zone, to the minute: `2026-11-24 09:30`."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def iso_time(when: datetime) -> str:
    """A time in the local zone with seconds and zone, as git writes it: `2026-11-24 09:30:05 +0100`."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def relative_time(when: datetime, now: datetime) -> str:
    """How long ago a time is, in the steps of git: `3 hours ago`, `2 years, 1 month ago`."""
    seconds = int((now - when).total_seconds())
    if seconds < 0:
        return "in the future"
    for limit, unit, size in AGES:
        if seconds < limit:
            return f"{counted((seconds + size // 2) // size, unit)} ago"
    if seconds >= MONTHS_SHOWN_UNTIL:
        return f"{counted((seconds + YEAR // 2) // YEAR, 'year')} ago"
    years, months = divmod((seconds * 12 + YEAR // 2) // YEAR, 12)
    rest = f", {counted(months, 'month')}" if months else ""
    return f"{counted(years, 'year')}{rest} ago"


def utc_time(when: datetime) -> str:
    """A time in UTC as ISO 8601, for programs: `2026-11-24T09:30:00Z`."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def milliseconds_text(seconds: float | None) -> str:
    """A latency: `41.2 ms`."""
    return MISSING if seconds is None else f"{seconds * 1000:.1f} ms"


def seconds_text(seconds: float) -> str:
    """A duration in seconds without the unit, to at least two significant digits: `300`, `2.5`."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"


def parse_time(text: str) -> datetime | None:
    """The time in `2026-05-01`, `2026-05-01 14:30` or any ISO 8601; None for anything else.

    A day is its beginning, and a time without a zone is in the local one.
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def parse_duration(text: str) -> float | None:
    """The seconds in `90`, `30s`, `5m`, `2h` or `1d`; None for anything else."""
    match = DURATION.fullmatch(text)
    return float(match[1]) * SECONDS[match[2]] if match is not None else None
