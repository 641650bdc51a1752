"""Labels: one sorted line each, one value for each name of a version, and joined by what they are on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.labels import Label, Labels, check_label_name, check_label_value, joined

SHA, OTHER = Digest("sha256", "ab" * 32), Digest("sha256", "cd" * 32)
WHEN = datetime(2026, 11, 23, 14, tzinfo=UTC)
APPROVED = Label("1.9", SHA, "approved", "yes", WHEN, "Ada <ada@example.com>")
LANG = Label("1.10", SHA, "lang", "en", WHEN, "Bo")
BOTH = Labels().with_entries([LANG, APPROVED])
NONE = Labels()
TEXT = f"""\
format = 1
labels = [
    {{ version = "1.9", digest = "{SHA}", name = "approved", value = "yes", when = 2026-11-23T14:00:00Z, \
who = "Ada <ada@example.com>" }},
    {{ version = "1.10", digest = "{SHA}", name = "lang", value = "en", when = 2026-11-23T14:00:00Z, \
who = "Bo" }},
]
"""


def labels(**values: str) -> Labels:
    return Labels().with_entries(Label("1.0", SHA, name, value, WHEN, "A") for name, value in values.items())


def test_there_is_one_line_for_each_in_one_order() -> None:
    assert BOTH.to_text() == TEXT
    assert Labels.parse(TEXT) == BOTH
    start, *lines, end = TEXT.splitlines(keepends=True)[1:]
    assert Labels.parse("".join(["format = 1\n", start, *lines[::-1], *lines, end])) == BOTH


def test_of_several_values_the_newest_counts() -> None:
    later = replace(APPROVED, value="no", when=WHEN + timedelta(seconds=1))
    assert Labels().with_entries([later, APPROVED]).entries == (later,)
    assert BOTH.of("1.9.0", SHA) == {"approved": APPROVED}
    assert BOTH.of("1.9", OTHER) == {}


def test_a_new_number_moves_the_labels_of_its_bytes() -> None:
    moved = BOTH.renumbered({("1.9.0", SHA): "2.0", ("1.10.0", OTHER): "3.0"})
    assert [entry.version for entry in moved.entries] == ["1.10", "2.0"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "after"),
    [
        ({}, {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
        ({"a": "1"}, {"a": "1"}, {}, {}),
        ({"a": "1"}, {"a": "2"}, {"a": "1", "b": "1"}, {"a": "2", "b": "1"}),
        ({"a": "1"}, {}, {}, {}),
        ({"a": "1"}, {"a": "2"}, {"a": "2"}, {"a": "2"}),
        ({"a": "1"}, {"a": "2"}, {"a": "3"}, None),
        ({"a": "1"}, {"a": "2"}, {}, None),
        ({}, {"a": "1"}, {"a": "2"}, None),
    ],
    ids=["both add", "one removes", "one changes", "both remove", "alike", "differ", "or removes", "new"],
)
def test_two_changes_are_joined_by_label(
    base: dict[str, str], ours: dict[str, str], theirs: dict[str, str], after: dict[str, str] | None
) -> None:
    expected = labels(**after) if after is not None else None
    assert joined(labels(**base), labels(**ours), labels(**theirs)) == expected
    assert joined(labels(**base), labels(**theirs), labels(**ours)) == expected


def test_unknown_values_survive_and_are_joined() -> None:
    text = TEXT.replace('who = "Bo"', 'who = "Bo", later = 1').replace("format = 1", "format = 1\nnew = 2")
    newer = Labels.parse(text)
    assert newer.entries[1].unknown == {"later": 1}
    assert Labels.parse(newer.to_text()) == newer
    assert joined(BOTH, newer, BOTH) == newer
    assert joined(BOTH, newer, replace(newer, unknown={"new": 3})) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "1.9"', 'version = "one"'),
        (f'digest = "{SHA}"', 'digest = "sha256:x"'),
        ('name = "lang"', 'name = "a b"'),
        ('name = "lang"', 'name = "-"'),
        ('value = "en"', 'value = ""'),
        ('value = "en"', 'value = "a\\nb"'),
        ('value = "en"', 'value = "\\u202Eb"'),
        ('value = "en"', "value = true"),
        ("2026-11-23T14:00:00Z", "2026-11-23T14:00:00"),
        ('who = "Bo"', "who = 3"),
        ("labels = [\n", "labels = [\n    1,\n"),
        ("format = 1", "format = 2"),
    ],
)
def test_a_damaged_line_is_named(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(IntegrityError, match="labels"):
        Labels.parse(TEXT.replace(old, new, 1))


def test_reader_and_writer_have_the_same_limits() -> None:
    name, value = "n" * 63, "é" * 200
    most = Labels().with_entries(
        [replace(LANG, name=check_label_name(name), value=check_label_value(name, value))]
    )
    assert Labels.parse(most.to_text()) == most
    with pytest.raises(InvalidInput):
        check_label_name(name + "n")
    with pytest.raises(InvalidInput):
        check_label_value(name, value + "é")
