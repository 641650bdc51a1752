"""Which version a rollback goes to, by what happened to the endpoint before."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git
from support.git_repository import DIGEST
from support.local_store import delete_recipe

from regolo_git.api import Registry
from regolo_git.errors import NotFound, RegoloNotice
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.history import EndpointEvent
from regolo_git.registry.endpoints.last_good import good_versions


@pytest.fixture
def endpoint(registry: Registry, once: Once) -> Registry:
    """An endpoint `e` on 1.0 of a model with 1.0 to 1.3."""

    def build() -> None:
        registry.register_model("m", b"0")
        for number in "123":
            registry.create_model_version("m", model_data=number.encode())
        registry.create_endpoint("e", "m", "1.0")

    once(build)
    return registry


def send(registry: Registry, *versions: str) -> None:
    """Gives each version all the traffic, one after another."""
    for version in versions:
        registry.update_endpoint_traffic("e", {version: 1})


def back(registry: Registry) -> str:
    (version,) = registry.rollback_endpoint("e").traffic
    return version


def top(registry: Registry) -> Path:
    return registry.handle.paths.top


def test_each_rollback_goes_further_back(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2")
    assert [back(endpoint), back(endpoint)] == ["1.1", "1.0"]
    with pytest.raises(NotFound, match="no earlier version"):
        endpoint.rollback_endpoint("e")


def test_a_version_that_was_left_is_good_again_when_somebody_gives_it_everything(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    assert back(endpoint) == "1.0"
    send(endpoint, "1.1", "1.2")
    assert [back(endpoint), back(endpoint)] == ["1.1", "1.0"]


def test_a_canary_that_was_left_is_not_gone_back_to(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    endpoint.update_endpoint_traffic("e", {"1.1": 90, "1.2": 10})
    assert back(endpoint) == "1.1"
    endpoint.update_endpoint_traffic("e", {"1.1": 50, "1.2": 50})
    assert [back(endpoint), back(endpoint)] == ["1.1", "1.0"]


def test_versions_above_the_one_that_was_named_are_left_too(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2")
    endpoint.rollback_endpoint("e", "1.0")
    send(endpoint, "1.3")
    assert back(endpoint) == "1.0"
    with pytest.raises(NotFound, match="no earlier version"):
        endpoint.rollback_endpoint("e")


def test_a_rollback_that_names_its_version_leaves_the_one_before_as_well(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2")
    assert back(endpoint) == "1.1"
    assert endpoint.rollback_endpoint("e", "1.2").traffic == {"1.2": 1.0}
    assert back(endpoint) == "1.0"


def test_a_version_with_weight_0_beside_it_had_everything(endpoint: Registry) -> None:
    endpoint.update_endpoint_traffic("e", {"1.1": 1, "1.2": 0})
    endpoint.update_endpoint_traffic("e", {"1.2": 1, "1.1": 0})
    assert [back(endpoint), back(endpoint)] == ["1.1", "1.0"]


def test_what_a_promotion_brought_is_gone_back_to(endpoint: Registry) -> None:
    endpoint.delete_endpoint("e")
    endpoint.promote_model_version("m", "1.0", "production")
    endpoint.create_endpoint("e", "m", "1.0", environment="production")
    for version in ("1.1", "1.2"):
        endpoint.promote_model_version("m", version, "production")
    assert back(endpoint) == "1.1"
    endpoint.promote_model_version("m", "1.3", "production")
    assert [back(endpoint), back(endpoint)] == ["1.1", "1.0"]


def test_an_edit_of_the_file_counts_as_traffic(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2")
    path = top(endpoint) / "endpoints/e.toml"
    written = path.read_text()
    send(endpoint, "1.3")
    path.write_text(written.replace("replicas = 1", "replicas = 2"))
    git(top(endpoint), "commit", "-qam", "1.2 was better")
    assert back(endpoint) == "1.3"
    assert [event.action for event in endpoint.get_endpoint_history("e")][:2] == ["rollback", "edit"]


def test_a_plain_revert_of_a_change_is_a_rollback(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2")
    git(top(endpoint), "revert", "--no-edit", "HEAD")
    assert endpoint.get_endpoint("e").traffic == {"1.1": 1.0}
    assert endpoint.get_endpoint_history("e")[0].action == "revert"
    assert back(endpoint) == "1.0"


def test_a_plain_revert_to_a_split_leaves_the_version_that_lost_traffic(endpoint: Registry) -> None:
    endpoint.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    send(endpoint, "1.1")
    git(top(endpoint), "revert", "--no-edit", "HEAD")
    assert endpoint.get_endpoint("e").traffic == {"1.0": 0.9, "1.1": 0.1}
    assert back(endpoint) == "1.0"


def test_a_plain_revert_of_a_rollback_goes_forward_again(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    assert back(endpoint) == "1.0"
    git(top(endpoint), "revert", "--no-edit", "HEAD")
    assert endpoint.get_endpoint("e").traffic == {"1.1": 1.0}
    assert back(endpoint) == "1.0"


def test_a_commit_that_broke_the_file_changes_nothing(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    (top(endpoint) / "endpoints/e.toml").write_text("traffic = 1\n")
    git(top(endpoint), "commit", "-qam", "broken")
    git(top(endpoint), "revert", "--no-edit", "HEAD")
    assert back(endpoint) == "1.0"


def test_what_was_before_a_deletion_does_not_count(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    endpoint.delete_endpoint("e")
    endpoint.create_endpoint("e", "m", "1.2")
    with pytest.raises(NotFound, match="no earlier version"):
        endpoint.rollback_endpoint("e")


def test_what_was_of_another_model_does_not_count(endpoint: Registry) -> None:
    endpoint.register_model("other", b"other", "1.2")
    path = top(endpoint) / "endpoints/e.toml"
    endpoint.create_endpoint("f", "other", "1.2")
    path.write_text((top(endpoint) / "endpoints/f.toml").read_text().replace('"f"', '"e"'))
    git(top(endpoint), "commit", "-qam", "another model")
    with pytest.raises(NotFound, match="no earlier version"):
        endpoint.rollback_endpoint("e")


def test_a_version_that_cannot_serve_is_passed_over(endpoint: Registry) -> None:
    send(endpoint, "1.1", "1.2", "1.3")
    endpoint.retire_model_version("m", "1.2", reason="wrong data")
    delete_recipe(endpoint.handle.store, endpoint.get_model_version("m", "1.1").manifest.artifact.recipe)
    with pytest.warns(RegoloNotice) as notices:
        assert back(endpoint) == "1.0"
    assert "'m@1.2' is retired" in str(notices[0].message)
    assert "the bytes of 'm@1.1' are not in this clone's store" in str(notices[1].message)
    assert {notice.filename for notice in notices} == {__file__}


def test_where_no_good_version_can_serve_each_is_named(endpoint: Registry) -> None:
    send(endpoint, "1.1")
    endpoint.retire_model_version("m", "1.0", reason="wrong data")
    before = git(top(endpoint), "rev-parse", "HEAD")
    with pytest.raises(NotFound, match=r"no earlier version to roll back to; skipped: 'm@1.0' is retired"):
        endpoint.rollback_endpoint("e")
    assert git(top(endpoint), "rev-parse", "HEAD") == before


# -- read only as far as needed -----------------------------------------------------------------------------


def event(
    number: int, action: str, shares: dict[str, float] | None, reverted: str | None = None
) -> EndpointEvent:
    pins = {version: PinnedVersion("a" * 40, DIGEST, 1) for version in shares or ()}
    state = Endpoint("e", "m", None, "local", shares, pins) if shares is not None else None
    return EndpointEvent(
        "e", state, action, f"{number:040x}", datetime.now(UTC), "A <a@b.c>", action, reverted
    )


def random_events(chance: random.Random) -> list[EndpointEvent]:
    """A history, newest first, with rollbacks, reverts of any change, splits and deletions."""
    found: list[EndpointEvent] = []
    for number in range(chance.randrange(1, 14)):
        versions = chance.sample(["1.0", "1.1", "1.2", "1.3"], k=chance.choice((1, 1, 2)))
        shares = {version: 1 / len(versions) for version in versions}
        kind = chance.choice(("traffic", "traffic", "promote", "rollback", "revert", "delete"))
        if kind == "delete" and chance.random() < 0.5 and number:
            found.append(event(number, "delete-endpoint", None))
        reverted = chance.choice(found).commit[:10] if kind == "revert" and found else None
        found.append(event(number, "revert" if reverted else kind, shares, reverted))
    return found[::-1]


def all_read(endpoint: Endpoint, events: list[EndpointEvent]) -> list[Version]:
    """The good versions by following every event since the endpoint was created, oldest first."""
    lives = list(takewhile(lambda one: one.endpoint is not None, events))
    good: list[Version] = []
    before: dict[Version, float] = {}
    rollbacks: list[str] = []
    for one in reversed(lives):
        assert one.endpoint is not None
        shares = {Version.parse(name): share for name, share in one.endpoint.traffic.items()}
        undone = one.reverted is not None and not any(oid.startswith(one.reverted) for oid in rollbacks)
        if undone or (one.reverted is None and one.action == "rollback"):
            rollbacks.append(one.commit)
            reached = [index for index, version in enumerate(good) if list(shares) == [version]]
            below = good[: reached[0] + 1] if reached else good
            good = [version for version in below if shares.get(version, 0) >= before.get(version, 0)]
        if len(shares) == 1:
            good = [version for version in good if version not in shares] + list(shares)
        before = shares
    now = [Version.parse(name) for name in endpoint.traffic]
    return [version for version in reversed(good) if len(now) > 1 or version not in now]


def test_good_versions_are_those_of_the_whole_history() -> None:
    for seed in range(300):
        events = random_events(random.Random(seed))
        assert events[0].endpoint is not None
        found = list(good_versions(events[0].endpoint, events))
        assert found == all_read(events[0].endpoint, events), seed


def test_history_below_the_last_good_version_is_not_read() -> None:
    def events() -> Iterator[EndpointEvent]:
        yield event(3, "traffic", {"1.2": 1.0})
        yield event(2, "traffic", {"1.1": 0.9, "1.2": 0.1})
        yield event(1, "traffic", {"1.1": 1.0})
        raise AssertionError("the rest was read")

    now = Endpoint("e", "m", None, "local", {"1.2": 1.0}, {"1.2": PinnedVersion("a" * 40, DIGEST, 1)})
    assert next(good_versions(now, events())) == Version.parse("1.1")
