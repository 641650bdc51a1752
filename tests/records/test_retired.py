"""The list of retired versions: one line each, sorted as versions are."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from regolo_git.errors import IntegrityError
from regolo_git.records.retired import RetiredEntry, RetiredList

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def entry(version: str, reason: str = "wrong") -> RetiredEntry:
    return RetiredEntry(version, WHEN, "Ada <a@b.c>", reason, {"later": 1})


LIST = RetiredList().with_entry(entry("1.10")).with_entry(entry("1.9")).with_entry(entry("1.10.0", "again"))
TEXT = """\
format = 1

[retired]
"1.9" = { when = 2026-01-02T03:04:05Z, who = "Ada <a@b.c>", reason = "wrong", later = 1 }
"1.10.0" = { when = 2026-01-02T03:04:05Z, who = "Ada <a@b.c>", reason = "again", later = 1 }
"""


def test_a_version_is_in_the_list_once_by_whatever_name() -> None:
    assert [(held.version, held.reason) for held in LIST.entries] == [("1.9", "wrong"), ("1.10.0", "again")]
    assert [LIST.has(version) for version in ("1.9", "1.9.0", "1.10", "1.1", "2.0")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_text_has_a_line_for_each_and_reads_back() -> None:
    assert LIST.to_text() == TEXT
    assert RetiredList.parse(TEXT) == LIST
    assert RetiredList.parse("format = 1") == RetiredList()


def test_lines_in_any_order_are_sorted_and_unknown_keys_stay() -> None:
    first, second = TEXT.splitlines()[3:]
    found = RetiredList.parse(f"format = 1\nlater = 2\n[retired]\n{second}\n{first}\n")
    assert found.entries == LIST.entries
    assert found.with_entry(entry("1.9")).unknown == {"later": 2}


def test_a_time_is_written_in_utc_to_the_second() -> None:
    local = datetime(2026, 1, 2, 4, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    text = RetiredList((RetiredEntry("1.0", local, "a", "b"),)).to_text()
    assert "when = 2026-01-02T03:04:05Z," in text


@pytest.mark.parametrize(
    "line",
    [
        '"1.0" = 1',
        '"1.0" = {}',
        '"1.0" = { when = 2026-01-02T03:04:05, who = "a", reason = "b" }',
        '"1.0" = { when = "2026-01-02T03:04:05Z", who = "a", reason = "b" }',
        '"1.0" = { when = 2026-01-02T03:04:05Z, reason = "b" }',
        '"1.0" = { when = 2026-01-02T03:04:05Z, who = "a" }',
        '"one" = { when = 2026-01-02T03:04:05Z, who = "a", reason = "b" }',
    ],
)
def test_a_line_that_lacks_something_is_damage_by_its_version(line: str) -> None:
    with pytest.raises(IntegrityError, match=line.split('"')[1]):
        RetiredList.parse(f"format = 1\n[retired]\n{line}\n")
