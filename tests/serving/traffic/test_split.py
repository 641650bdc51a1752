"""Choosing a version: at random as the weights say, or by a key that stays with its version."""

from collections import Counter

from regolo_git.serving.traffic.routing_table import Route, WeightedVersion
from regolo_git.serving.traffic.split import Split


def route(shares: dict[str, float]) -> Route:
    versions = {name: WeightedVersion(name, share, False, ()) for name, share in shares.items()}
    return Route("e", "c" * 40, versions)


def test_a_split_at_random_follows_the_weights() -> None:
    split = Split(route({"1.0": 0.7, "1.1": 0.3, "1.2": 0.0}))
    seen = Counter(split.at_random() for _ in range(10_000))
    assert set(seen) == {"1.0", "1.1"}
    assert abs(seen["1.1"] - 3000) < 5 * (10_000 * 0.3 * 0.7) ** 0.5


def test_a_key_stays_with_its_version_and_none_goes_to_a_version_without_weight() -> None:
    split = Split(route({"1.0": 0.5, "1.1": 0.5, "1.2": 0.0}))
    chosen = {f"user-{number}": split.for_key(f"user-{number}") for number in range(200)}
    assert set(chosen.values()) == {"1.0", "1.1"}
    assert chosen == {key: split.for_key(key) for key in chosen}


def test_one_version_with_all_the_weight_gets_everything() -> None:
    split = Split(route({"1.0": 0.0, "1.1": 1.0}))
    assert {split.at_random() for _ in range(100)} == {"1.1"} == {split.for_key("anybody")}
