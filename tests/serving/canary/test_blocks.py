"""Blocks are made of counters that can be trusted; anything else is no block."""

from dataclasses import dataclass

import pytest

from regolo_git.serving.canary.blocks import BlockReader, Reading
from regolo_git.serving.canary.decision import Arm, Block

FIRST = {"1.0": (100, 1), "1.1": (10, 0)}
NEXT = {"1.0": (190, 3), "1.1": (20, 1)}


@dataclass
class Case:
    source: str = "a"
    time: float = 105.0
    now: float = 5.0
    first: dict[str, tuple[int, ...]] | None = None
    next: dict[str, tuple[int, ...]] | None = None


def read(case: Case) -> tuple[Block | None, str | None]:
    reader = BlockReader("1.0", "1.1", 1)
    assert reader.next(Reading("a", 100.0, case.first or FIRST), 0.0) is None
    return reader.next(Reading(case.source, case.time, case.next or NEXT), case.now), reader.problem


def test_two_readings_make_a_block_of_what_lies_between_them() -> None:
    assert read(Case()) == (Block(Arm(90, (2,)), Arm(10, (1,)), 5.0), None)


def test_a_version_that_appears_began_at_zero() -> None:
    assert read(Case(first={"1.0": (100, 1)}))[0] == Block(Arm(90, (2,)), Arm(20, (1,)), 5.0)


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (Case(source="b"), "the counters began again"),
        (Case(next={"1.0": (50, 0), "1.1": (20, 1)}), "the counters went back"),
        (Case(next={"1.0": (190, 0), "1.1": (20, 1)}), "the counters went back"),
        (Case(next={"1.0": (190, 3)}), "the counters went back"),
        (Case(next={"1.0": (190, 3), "1.1": (12, 9)}), "the counters went back"),
        (Case(next={"1.0": (190, 3), "1.1": (20, 1, 1)}), "the counters went back"),
        (Case(time=90.0), "the clock of the metrics source jumped"),
        (Case(time=100.0 + 3600), "the clock of the metrics source jumped"),
        (Case(time=100.0, now=60.0), "the clock of the metrics source jumped"),
        (Case(time=100.0 + 3600, now=3600.0), "the last reading is too long ago"),
    ],
    ids=[
        "another",
        "back",
        "errors-back",
        "gone",
        "more-failures",
        "other-metrics",
        "past",
        "future",
        "still",
        "gap",
    ],
)
def test_what_cannot_be_trusted_is_no_block(case: Case, problem: str) -> None:
    assert read(case) == (None, problem)


def test_what_was_missing_from_one_reading_does_not_come_back_at_once() -> None:
    reader = BlockReader("1.0", "1.1", 1)
    reader.next(Reading("a", 100.0, {"1.0": (100, 1), "1.1": (90, 9)}), 0.0)
    # Another query of the same moments, without the errors of one gateway.
    assert reader.next(Reading("a", 105.0, {"1.0": (190, 1), "1.1": (100, 0)}), 5.0) is None
    whole = reader.next(Reading("a", 110.0, {"1.0": (280, 1), "1.1": (110, 9)}), 10.0)
    assert whole == Block(Arm(180, (0,)), Arm(20, (0,)), 10.0)


def test_counters_that_stay_behind_begin_again_after_a_while() -> None:
    reader = BlockReader("1.0", "1.1", 1)
    reader.next(Reading("a", 0.0, NEXT), 0.0)
    for now in (5.0, 290.0, 301.0):
        assert reader.next(Reading("a", now, {}), now) is None
    assert reader.next(Reading("a", 306.0, FIRST), 306.0) == Block(Arm(100, (1,)), Arm(10, (0,)), 5.0)


def test_after_a_doubt_the_next_two_readings_make_a_block() -> None:
    reader = BlockReader("1.0", "1.1", 1)
    reader.next(Reading("a", 100.0, FIRST), 0.0)
    reader.restart("the source has vanished")
    assert reader.problem == "the source has vanished"
    assert reader.next(Reading("b", 7.0, FIRST), 60.0) is None
    assert reader.next(Reading("b", 12.0, NEXT), 65.0) == Block(Arm(90, (2,)), Arm(10, (1,)), 5.0)
