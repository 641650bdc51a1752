"""Whatever is done, in whatever order: environment and endpoint agree, or the views and the command say so."""

import random
import warnings
from collections.abc import Callable

import pytest

from regolo_git.api import Registry
from regolo_git.errors import RegoloError, RegoloNotice
from regolo_git.registry.endpoints.deployed import read_deployed

pytestmark = pytest.mark.slow

VERSIONS = ("1.0", "1.1", "1.2")
FOLLOWERS = {"e": "production", "f": "production", "s": "staging", "free": None}
STEPS = 40


@pytest.fixture
def registry(registered: Registry) -> Registry:
    registered.create_model_version("m", model_data=b"three")
    for name, environment in FOLLOWERS.items():
        registered.create_endpoint(name, "m", "1.0", environment=environment)
    return registered


def placed(registry: Registry, environment: str) -> str | None:
    promotion = registry.handle.records().promotion(environment, "m")
    return promotion.version if promotion is not None else None


def differing(registry: Registry) -> set[str]:
    """The endpoints that do not serve what their environment has, by their records."""
    return {
        name
        for name, environment in FOLLOWERS.items()
        if environment is not None
        and registry.get_endpoint(name).traffic.get(placed(registry, environment) or "") != 1.0
    }


def some_step(registry: Registry, chance: random.Random) -> Callable[[], object]:
    environment = chance.choice(("production", "production", "staging"))
    version, endpoint = chance.choice(VERSIONS), chance.choice(list(FOLLOWERS))
    keep = chance.choice((None, None, True, False))
    share = chance.choice((0, 10, 50))
    other = chance.choice([held for held in VERSIONS if held != version])
    return chance.choice(
        [
            lambda: registry.promote_model_version("m", version, environment),
            lambda: registry.promote_model_version("m", version, environment),
            lambda: registry.rollback_endpoint(endpoint, keep_environment=keep),
            lambda: registry.rollback_endpoint(endpoint, version, keep_environment=keep),
            lambda: registry.update_endpoint_traffic(endpoint, {version: 100 - share, other: share}),
            lambda: registry.demote_model_version("m", environment),
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_difference_is_silent(registry: Registry, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(STEPS):
        before = registry.handle.registry_tip()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RegoloNotice)
            try:
                some_step(registry, chance)()
            except RegoloError:
                assert registry.handle.registry_tip() == before
                continue
        said = " ".join(str(held.message) for held in caught)
        event = registry.handle.git.commit_info(registry.handle.registry_tip())
        changed, action = event.trailer("Regolo-Endpoint"), event.trailer("Regolo-Action")
        apart = differing(registry)
        if action == "promote":  # everything that follows agrees
            assert not {name for name in apart if FOLLOWERS[name] == event.trailer("Regolo-Environment")}
        if changed in apart:
            assert f"endpoint '{changed}'" in said
        for name, environment in FOLLOWERS.items():
            found = read_deployed(registry.handle, registry.get_endpoint(name))
            assert found.agrees == (name not in apart)
            assert found.promoted == (placed(registry, environment) if environment is not None else None)
            assert (found.state.startswith("follows") and "no version" not in found.state) == (
                environment is not None and found.agrees and found.rolled_back_from is None
            )


@pytest.mark.parametrize("seed", range(4, 6))
def test_a_promotion_always_brings_every_follower_back(registry: Registry, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(STEPS // 2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RegoloNotice)
            try:
                some_step(registry, chance)()
            except RegoloError:
                continue
        wanted, version = placed(registry, "production"), chance.choice(VERSIONS)
        apart = bool({"e", "f"} & differing(registry))
        if wanted == version and not apart:
            continue
        registry.promote_model_version("m", version, "production")
        assert [dict(registry.get_endpoint(name).traffic) for name in ("e", "f")] == [{version: 1.0}] * 2
