"""Properties of the sequential test, for whatever it has seen."""

from math import comb, exp, isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.json_reader import JsonReader
from regolo_git.serving.canary.sequential_test import Direction, SequentialTest

MOST = 10**9
directions: st.SearchStrategy[Direction] = st.sampled_from(("worse", "not_worse"))
margins = st.sampled_from((0.0, 0.001, 0.01, 0.1, 0.9))


@st.composite
def arms(draw: st.DrawFn, most: int = MOST) -> tuple[int, int]:
    requests = draw(st.integers(0, most))
    return requests, draw(st.integers(0, requests))


blocks = st.lists(st.tuples(arms(), arms()), max_size=8)


def after(test: SequentialTest, seen: list[tuple[tuple[int, int], tuple[int, int]]]) -> SequentialTest:
    for baseline, candidate in seen:
        test.observe(*baseline, *candidate)
    return test


@given(directions, margins, blocks)
def test_the_evidence_is_a_number_whatever_was_counted(
    direction: Direction, margin: float, seen: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    assert isfinite(after(SequentialTest(direction, margin), seen).log_evidence)


@given(directions, margins, blocks, blocks)
def test_what_was_kept_goes_on_exactly_as_if_nothing_had_happened(
    direction: Direction,
    margin: float,
    before: list[tuple[tuple[int, int], tuple[int, int]]],
    later: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    test = after(SequentialTest(direction, margin), before)
    kept = SequentialTest.read(JsonReader.of(test.to_json(), "the state"), direction, margin)
    assert after(kept, later) == after(test, later)


@given(margins, st.lists(st.tuples(arms(1000), arms(1000)), max_size=8))
def test_the_two_versions_and_the_two_outcomes_are_treated_alike(
    margin: float, seen: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """The candidate fails more often by a margin just if the baseline succeeds more often by it."""
    mirrored = [((nb, nb - yb), (na, na - ya)) for (na, ya), (nb, yb) in seen]
    for direction in ("worse", "not_worse"):
        one = after(SequentialTest(direction, margin), seen).log_evidence
        other = after(SequentialTest(direction, margin), mirrored).log_evidence
        assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


@given(directions, margins, arms(50), arms(50), st.integers(1, 4), st.integers(1, 4))
def test_no_bet_is_expected_to_win_wherever_the_null_is_true(
    direction: Direction,
    margin: float,
    baseline: tuple[int, int],
    candidate: tuple[int, int],
    na: int,
    nb: int,
) -> None:
    seen = SequentialTest(direction, margin)
    seen.observe(*baseline, *candidate)
    kept, before = JsonReader.of(seen.to_json(), "the state"), seen.log_evidence
    ratios = {}
    for ya in range(na + 1):
        for yb in range(nb + 1):
            test = SequentialTest.read(kept, direction, margin)
            test.observe(na, ya, nb, yb)
            ratios[ya, yb] = exp(test.log_evidence - before)
    grid = [number / 10 for number in range(11)]
    for a in grid:
        for b in (one for one in grid if (one <= a + margin if direction == "worse" else one >= a + margin)):
            expected = sum(
                ratio * _binomial(na, ya, a) * _binomial(nb, yb, b) for (ya, yb), ratio in ratios.items()
            )
            assert expected <= 1 + 1e-6


def _binomial(n: int, k: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)
