"""The decision, from blocks alone: when it rolls back, when it promotes, and that it holds otherwise."""

import random
from math import comb, isfinite, log

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.canary import CanaryMetric, CanaryPolicy
from regolo_git.records.json_reader import JsonReader
from regolo_git.serving.canary.decision import Arm, Block, Decision, evidence_text
from regolo_git.serving.canary.sequential_test import Direction, SequentialTest

POLICY = CanaryPolicy(bake_seconds=10, min_requests=50)
BOTH = CanaryPolicy(
    bake_seconds=10, metrics=(CanaryMetric("error_rate"), CanaryMetric("latency_over", 0.01, 0.02, 250))
)


def block(na: int, ya: int, nb: int, yb: int) -> Block:
    return Block(Arm(na, (ya,)), Arm(nb, (yb,)), 1.0)


def after(blocks: list[Block], policy: CanaryPolicy = POLICY) -> Decision:
    decision = Decision.of(policy)
    for each in blocks:
        decision.observe(each)
    return decision


def test_without_requests_it_holds() -> None:
    assert after([]).verdict(1000).kind == "hold"
    nobody = after([block(500, 5, 0, 0)] * 20)
    assert nobody.verdict(1000).kind == "hold"
    assert {evidence.log_evidence for evidence in nobody.verdict(1000).evidence} == {0.0}


def test_a_candidate_that_fails_more_is_rolled_back_whatever_the_time() -> None:
    verdict = after([block(450, 4, 50, 6)] * 6).verdict(0.0)
    assert verdict.kind == "roll_back"
    assert verdict.reason == "error_rate is worse: 12.00% of the candidate, 0.89% of the baseline"
    worse = verdict.evidence[0]
    assert (worse.direction, worse.bound) == ("worse", log(100))
    assert worse.log_evidence >= worse.bound
    assert "error_rate worse" in evidence_text(verdict)
    assert "(24/2700 and 36/300)" in evidence_text(verdict)


def test_what_fails_for_both_at_once_speaks_against_neither() -> None:
    outage = [block(450, 4, 50, 0)] * 5 + [block(450, 400, 50, 44)] * 5 + [block(450, 5, 50, 1)] * 5
    assert after(outage).verdict(1000).kind != "roll_back"


def test_a_candidate_that_is_as_good_is_promoted_once_it_has_baked() -> None:
    decision = after([block(400, 4, 100, 1)] * 20)
    assert decision.verdict(9.0).reason == "the bake is not over: 9 s of 10 s"
    assert decision.verdict(10.0).kind == "promote"
    assert decision.verdict(86401.0).kind == "hold"


def test_each_step_needs_its_own_requests_and_evidence() -> None:
    decision = after([block(400, 4, 100, 1)] * 20)
    decision.next_step()
    assert decision.verdict(10.0).reason == "the candidate has had no requests in this step"
    decision.observe(block(20, 0, 20, 0))
    assert decision.verdict(10.0).reason == "too few requests: 20 of 50 in this step"
    decision.observe(block(50, 0, 50, 0))
    assert decision.verdict(10.0).reason == "not shown yet that it is not worse: error_rate"


def test_evidence_against_the_candidate_goes_on_over_the_steps() -> None:
    decision = after([block(450, 4, 50, 6)] * 3)
    before = decision.verdict(0).evidence[0].log_evidence
    decision.next_step()
    assert decision.verdict(0).evidence[0].log_evidence == before > 0


def test_every_metric_must_be_as_good_and_one_is_enough_against() -> None:
    slow = [Block(Arm(400, (4, 20)), Arm(100, (1, 30)), 1.0)] * 10
    verdict = after(slow, BOTH).verdict(100)
    assert verdict.kind == "roll_back"
    assert verdict.reason.startswith("latency_over 250 ms is worse")
    assert verdict.evidence[0].bound == pytest.approx(log(2 / 0.01))


def test_the_state_reads_back_for_the_same_metrics_only() -> None:
    decision = after([block(450, 4, 50, 6)] * 3)
    kept = JsonReader.of(decision.to_json(), "the state")
    assert Decision.from_json(POLICY, kept) == decision
    with pytest.raises(InvalidInput):
        Decision.from_json(BOTH, kept)
    large = [{"log_evidence": 0.0, "baseline": [10**400, 0], "candidate": [1, 0]}]
    endless = [{"log_evidence": 10**400, "baseline": [1, 0], "candidate": [1, 0]}]
    for damage in (
        {"format": 2},
        {"worse": []},
        {"worse": large},
        {"worse": endless},
        {"step_requests": "x"},
        {"step_requests": -1},
        {"not_worse": [{}]},
    ):
        with pytest.raises(InvalidInput):
            Decision.from_json(POLICY, JsonReader.of({**decision.to_json(), **damage}, "the state"))


@pytest.mark.parametrize("direction", ["worse", "not_worse"])
@pytest.mark.parametrize("margin", [0.0, 1e-12, 0.01, 0.999999, 1 - 2**-53])
def test_nothing_that_can_be_counted_is_beyond_the_test(direction: Direction, margin: float) -> None:
    sizes = (0, 1, 10**6, 10**18)
    arms = [(n, y) for n in sizes for y in sorted({0, min(1, n), n})]
    for before in arms:
        for na, ya in arms:
            for nb, yb in arms:
                test = SequentialTest(direction, margin)
                for baseline, candidate in ((before, (nb, yb)), ((na, ya), (nb, yb)), ((na, ya), before)):
                    test.observe(*baseline, *candidate)
                assert isfinite(test.log_evidence)


@pytest.mark.parametrize("direction", ["worse", "not_worse"])
def test_an_expected_bet_against_a_true_null_is_at_most_one(direction: str) -> None:
    # By enumeration, for shares on the border of the null, where it is closest to losing.
    margin, na, nb = 0.1, 4, 3
    for a in (0.05, 0.3, 0.6):
        b, expected = a + margin, 0.0
        for ya in range(na + 1):
            for yb in range(nb + 1):
                test = SequentialTest(direction, margin, 0.0, 10, 2, 10, 6 if direction == "worse" else 0)  # type: ignore[arg-type]
                test.observe(na, ya, nb, yb)
                chance = _binomial(na, ya, a) * _binomial(nb, yb, b)
                expected += chance * 2.718281828459045**test.log_evidence
        assert expected <= 1 + 1e-9


def _binomial(n: int, k: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def test_false_rollbacks_stay_under_their_level() -> None:
    rng = random.Random(7)
    policy = CanaryPolicy(rollback_level=0.05)

    def failures(n: int) -> int:
        return sum(rng.random() < 0.02 for _ in range(n))

    def is_rolled_back() -> bool:
        decision = Decision.of(policy)
        for _ in range(30):
            decision.observe(block(90, failures(90), 10, failures(10)))
            if decision.verdict(0).kind == "roll_back":
                return True
        return False

    assert sum(is_rolled_back() for _ in range(100)) <= 10
