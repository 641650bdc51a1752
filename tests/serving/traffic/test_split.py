"""Which version a request goes to: shares as the weights say, and no key that moves without need."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regolo_git.records.json_reader import JsonReader
from regolo_git.records.routing import Routing
from regolo_git.serving.traffic.rendezvous import rendezvous
from regolo_git.serving.traffic.routing_table import Replica, Route, RoutingTable, WeightedVersion
from regolo_git.serving.traffic.split import Split

KEYS = [f"user-{number}" for number in range(4000)]
versions = st.sampled_from(["1.0", "1.1", "1.2", "2.0", "prod-1"])
weights = st.dictionaries(versions, st.floats(0, 1), min_size=1, max_size=4)


def route(shares: dict[str, float]) -> Route:
    replicas = (Replica("w-1", "/run/w-1/http.sock"),)
    versions = {name: WeightedVersion(name, share, True, replicas) for name, share in shares.items()}
    return Route("e", "c" * 40, versions, Routing(sticky_header="x-user"))


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


def test_a_split_at_random_follows_the_weights() -> None:
    split = Split(route({"1.0": 0.7, "1.1": 0.3, "1.2": 0.0}))
    seen = Counter(split.at_random() for _ in range(10_000))
    assert set(seen) == {"1.0", "1.1"}
    assert abs(seen["1.1"] - 3000) < 5 * (10_000 * 0.3 * 0.7) ** 0.5


@given(weights)
def test_a_table_travels_unchanged(shares: dict[str, float]) -> None:
    table = RoutingTable({"e": route(shares)})
    assert RoutingTable.read(JsonReader.of(table.to_json(), "a table")) == table


def test_a_version_is_found_by_each_of_its_names() -> None:
    found = route({"1.1": 1.0, "1.10": 0.0})
    assert [found.find(name) for name in ("1.1", "1.1.0", "v1.1")] == [found.versions["1.1"]] * 3
    assert (found.find("1.10.0"), found.find("9.9"), found.find("\0")) == (found.versions["1.10"], None, None)
