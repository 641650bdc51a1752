"""Sticky keys: shared out by weight, and no key that moves without need."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regolo_git.serving.traffic.rendezvous import rendezvous

KEYS = [f"user-{number}" for number in range(4000)]
versions = st.sampled_from(["1.0", "1.1", "1.2", "2.0", "prod-1"])
weights = st.dictionaries(versions, st.floats(0, 1), min_size=1, max_size=4)


def assigned(shares: dict[str, float], endpoint: str = "e") -> dict[str, str | None]:
    return {key: rendezvous(endpoint, key, shares) for key in KEYS}


def moved(before: dict[str, float], after: dict[str, float]) -> float:
    old, new = assigned(before), assigned(after)
    return sum(old[key] != new[key] for key in KEYS) / len(KEYS)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_keys_are_shared_out_by_weight(share: float) -> None:
    seen = Counter(assigned({"1.0": 1 - share, "1.1": share}).values())
    assert abs(seen["1.1"] - len(KEYS) * share) < 5 * (len(KEYS) * share * (1 - share)) ** 0.5


@pytest.mark.parametrize(
    ("before", "after", "least"),
    [
        ({"1.0": 0.9, "1.1": 0.1}, {"1.0": 0.5, "1.1": 0.5}, 0.4),
        ({"1.0": 0.5, "1.1": 0.5}, {"1.0": 0.45, "1.1": 0.45, "1.2": 0.1}, 0.1),
        ({"1.0": 0.4, "1.1": 0.6}, {"1.0": 1.0}, 0.6),
    ],
)
def test_as_few_keys_move_as_must(before: dict[str, float], after: dict[str, float], least: float) -> None:
    assert abs(moved(before, after) - least) < 0.04


@given(weights, versions, st.floats(0.01, 2), st.text(max_size=20))
def test_a_weight_that_grows_only_draws_keys_to_itself(
    shares: dict[str, float], grown: str, more: float, key: str
) -> None:
    before = rendezvous("e", key, shares)
    after = rendezvous("e", key, {**shares, grown: shares.get(grown, 0.0) + more})
    assert after in (before, grown)


@given(weights, st.text(max_size=20), st.sampled_from([0.5, 2.0, 4.0]))
def test_only_the_ratio_of_the_weights_counts(shares: dict[str, float], key: str, factor: float) -> None:
    assume(all(share == 0 or share > 1e-6 for share in shares.values()))
    scaled = {name: share * factor for name, share in shares.items()}
    assert rendezvous("e", key, shares) == rendezvous("e", key, scaled)


@given(weights, st.text(max_size=20))
def test_a_version_without_weight_gets_no_key(shares: dict[str, float], key: str) -> None:
    winner = rendezvous("e", key, shares)
    assert shares[winner] > 0 if winner is not None else not any(shares.values())


def test_two_endpoints_do_not_try_the_new_on_the_same_users() -> None:
    shares = {"1.0": 0.9, "1.1": 0.1}
    first, second = assigned(shares, "a"), assigned(shares, "b")
    both = sum(first[key] == second[key] == "1.1" for key in KEYS)
    assert abs(both - len(KEYS) * 0.01) < 5 * (len(KEYS) * 0.01) ** 0.5


def test_half_of_a_surrogate_pair_is_a_key_like_any_other() -> None:
    shares = {"1.0": 0.5, "1.1": 0.5}
    assert rendezvous("e", "\ud800", shares) == rendezvous("e", "\ud800", shares) in shares
    assert len({rendezvous("e", f"\udfff{number}", shares) for number in range(50)}) == 2
