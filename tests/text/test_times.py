"""How times and durations read."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from regolo_git.text.times import (
    iso_time,
    local_time,
    milliseconds_text,
    parse_duration,
    relative_time,
    seconds_text,
    utc_time,
)

EAST = timezone(timedelta(hours=2))


def test_a_time_for_programs_is_in_utc_to_the_second() -> None:
    assert utc_time(datetime(2026, 7, 1, 12, 0, 5, 999, tzinfo=EAST)) == "2026-07-01T10:00:05Z"


def test_a_time_for_people_is_in_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        assert local_time(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == "2026-07-01 17:30"
    time.tzset()


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-1), "in the future"),
        (timedelta(seconds=0), "0 seconds ago"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=89), "89 seconds ago"),
        (timedelta(seconds=90), "2 minutes ago"),
        (timedelta(minutes=89), "89 minutes ago"),
        (timedelta(minutes=90), "2 hours ago"),
        (timedelta(hours=35), "35 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=14), "2 weeks ago"),
        (timedelta(days=70), "2 months ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=365), "1 year ago"),
        (timedelta(days=400), "1 year, 1 month ago"),
        (timedelta(days=730), "2 years ago"),
        (timedelta(days=5 * 365), "5 years ago"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.total_seconds()),
)
def test_an_age_is_in_the_steps_of_git(ago: timedelta, text: str) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    assert relative_time(now - ago, now) == text


def test_a_time_in_iso_has_seconds_and_a_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        assert iso_time(datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)) == "2026-07-01 17:30:05 +0530"
    time.tzset()


@pytest.mark.parametrize(("seconds", "text"), [(None, "-"), (0.0412, "41.2 ms"), (2, "2000.0 ms")])
def test_a_latency_is_in_milliseconds(seconds: float | None, text: str) -> None:
    assert milliseconds_text(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(300, "300"), (12.6, "13"), (2.5, "2.5"), (0.1234, "0.12")])
def test_a_duration_in_seconds_has_two_digits_at_least(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("30s", 30), ("5m", 300), ("1.5h", 5400), ("1d", 86400), ("0", 0)]
)
def test_a_duration_is_read_by_its_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "5 m", "5w", "1h30m", "٣s", "1e3", ".5s"])
def test_an_invalid_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None
