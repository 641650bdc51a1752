"""What was measured later: one sorted line each, and of several measurements the newest."""

from datetime import UTC, datetime, timedelta

import pytest
from support.model_versions import manifest

from regolo_git.errors import IntegrityError
from regolo_git.records.digests import Digest
from regolo_git.records.evaluations import Evaluation, Evaluations, Measured
from regolo_git.records.measurement import Measurement

SHA, OTHER = Digest("sha256", "ab" * 32), Digest("sha256", "cd" * 32)
WHEN = datetime(2026, 11, 23, 14, tzinfo=UTC)
FIRST = Evaluation("1.0", SHA, WHEN, "Ada Byron <ada@example.com>", {"f1": Measurement(0.8)})
LATER = Evaluation(
    "1.0",
    SHA,
    WHEN + timedelta(hours=1),
    "Bo",
    {"f1": Measurement(0.7, n=10), "gap": Measurement(0.1)},
    {"suite": "x"},
)
NEXT = Evaluation("1.1", OTHER, WHEN, "Ada", {"f1": Measurement(0.9)})
TEXT = f"""\
format = 1
evaluations = [
    {{ version = "1.0", digest = "{SHA}", when = 2026-11-23T14:00:00Z, who = "Ada Byron <ada@example.com>", \
metrics = {{ f1 = 0.8 }} }},
    {{ version = "1.0", digest = "{SHA}", when = 2026-11-23T15:00:00Z, who = "Bo", \
metrics = {{ f1 = {{ value = 0.7, n = 10 }}, gap = 0.1 }}, labels = {{ suite = "x" }} }},
    {{ version = "1.1", digest = "{OTHER}", when = 2026-11-23T14:00:00Z, who = "Ada", \
metrics = {{ f1 = 0.9 }} }},
]
"""
ALL = Evaluations().with_entries(NEXT, LATER, FIRST)


def test_there_is_one_line_for_each_in_one_order() -> None:
    assert ALL.to_text() == TEXT
    assert Evaluations.parse(TEXT) == ALL


def test_the_order_of_lines_and_lines_that_are_there_twice_do_not_matter() -> None:
    start, *lines, end = TEXT.splitlines(keepends=True)[1:]
    joined = "".join(["format = 1\n", start, *lines[::-1], *lines, end])
    assert Evaluations.parse(joined).to_text() == TEXT


def test_the_newest_measurement_of_these_bytes_counts() -> None:
    version = manifest(metrics={"f1": Measurement(0.6), "acc": Measurement(0.5)})
    assert ALL.measured(version) == {
        "acc": Measured(Measurement(0.5)),
        "f1": Measured(Measurement(0.7, n=10), LATER),
        "gap": Measured(Measurement(0.1), LATER),
    }
    assert ALL.of("1.0.0", SHA) == (FIRST, LATER)
    assert ALL.of("1.1", SHA) == ()


def test_a_new_number_moves_the_lines_of_its_bytes() -> None:
    moved = ALL.renumbered({("1.1.0", OTHER): "1.2", ("1.0.0", OTHER): "2.0"})
    assert [entry.version for entry in moved.entries] == ["1.0", "1.0", "1.2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "1.0"', 'version = "one"'),
        (f'digest = "{SHA}"', 'digest = "sha256:x"'),
        ("2026-11-23T14:00:00Z", "2026-11-23T14:00:00"),
        ('who = "Bo"', "who = 3"),
        ("gap = 0.1", 'gap = "low"'),
        ("gap = 0.1", "gap = nan"),
        ('suite = "x"', "suite = 1"),
        ("evaluations = [\n", "evaluations = [\n    1,\n"),
        ("format = 1", "format = 2"),
    ],
    ids=lambda text: text.strip()[:24],
)
def test_a_damaged_line_is_named(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(IntegrityError, match="evaluations"):
        Evaluations.parse(TEXT.replace(old, new, 1))


def test_unknown_values_survive() -> None:
    text = TEXT.replace('who = "Bo"', 'who = "Bo", later = 1').replace("format = 1", "format = 1\nnew = 2")
    again = Evaluations.parse(text)
    assert again.entries[1].unknown == {"later": 1}
    assert Evaluations.parse(again.to_text()) == again
