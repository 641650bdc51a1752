"""An environment and the endpoints that follow it never differ in silence."""

import warnings
from collections.abc import Callable

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, PolicyRefused, RegoloNotice
from regolo_git.registry.endpoints.deployed import read_deployed


@pytest.fixture
def followed(registered: Registry, once: Once) -> Registry:
    """Endpoint `e` follows production, which had 1.0 and has 1.1."""

    def build() -> None:
        registered.promote_model_version("m", "1.0", "production", replicas=3)
        registered.create_endpoint("e", "m", "production", environment="production")
        registered.promote_model_version("m", "1.1", "production")

    once(build)
    return registered


def placed(registry: Registry) -> str:
    return registry.get_model_version("m", "production").version


def state(registry: Registry, name: str = "e") -> str:
    return read_deployed(registry.handle, registry.get_endpoint(name)).state


def commits(registry: Registry) -> int:
    return int(git(registry.handle.paths.top, "rev-list", "--count", "HEAD"))


def test_a_rollback_takes_the_environment_along_in_the_same_commit(followed: Registry) -> None:
    before = commits(followed)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RegoloNotice)
        assert followed.rollback_endpoint("e").traffic == {"1.0": 1.0}
    assert (placed(followed), commits(followed)) == ("1.0", before + 1)
    assert state(followed) == "rolled back from production=1.1, follows production=1.0"
    event = followed.get_promotion_history("m", "production")[0]
    assert (event.promotion and event.promotion.version, event.action) == ("1.0", "rollback")
    assert event.promotion is not None
    assert event.promotion.replicas == 3


def test_the_second_promotion_moves_the_endpoint_again(followed: Registry) -> None:
    followed.rollback_endpoint("e")
    followed.promote_model_version("m", "1.1", "production", message="fixed")
    assert followed.get_endpoint("e").traffic == {"1.1": 1.0}
    assert state(followed) == "follows production=1.1"


@pytest.mark.parametrize(
    "leave",
    [
        lambda registry: registry.rollback_endpoint("e", keep_environment=True),
        lambda registry: registry.update_endpoint_traffic("e", {"1.0": 1}),
        lambda registry: registry.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10}),
        lambda registry: registry.update_endpoint_traffic("e", {"1.1": 1}, replicas={"1.1": 9}),
    ],
    ids=["rollback", "traffic", "split", "replicas"],
)
def test_the_same_promotion_brings_an_endpoint_back(
    followed: Registry, leave: Callable[[Registry], object]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegoloNotice)
        leave(followed)
    followed.promote_model_version("m", "1.1", "production", message="fixed")
    found = followed.get_endpoint("e")
    assert (found.traffic, found.versions["1.1"].replicas) == ({"1.1": 1.0}, 3)
    assert state(followed) == "follows production=1.1"
    assert followed.get_endpoint_history("e")[0].action == "promote"
    with pytest.raises(Conflict, match="already promoted"):
        followed.promote_model_version("m", "1.1", "production")


def test_a_kept_environment_is_reported(followed: Registry) -> None:
    with pytest.warns(
        RegoloNotice,
        match=r"rolled back from production=1\.1; for both to agree: "
        r'regolo\.promote_model_version\("m", "1\.0", "production"\)',
    ):
        followed.rollback_endpoint("e", keep_environment=True)
    assert placed(followed) == "1.1"
    assert state(followed) == "rolled back from production=1.1"
    with pytest.raises(Conflict):
        followed.rollback_endpoint("e", "1.0", keep_environment=True)
    assert followed.rollback_endpoint("e", "1.0").traffic == {"1.0": 1.0}  # now with the environment
    assert placed(followed) == "1.0"


def test_a_split_is_said_until_it_ends(followed: Registry) -> None:
    with pytest.warns(RegoloNotice, match=r"serves 1\.0=10% 1\.1=90%: differs from production=1\.1"):
        followed.update_endpoint_traffic("e", {"1.0": 10, "1.1": 90})
    assert state(followed) == "differs from production=1.1"
    with warnings.catch_warnings():
        warnings.simplefilter("error", RegoloNotice)
        followed.update_endpoint_traffic("e", {"1.0": 0, "1.1": 100})
    assert state(followed) == "follows production=1.1"


def test_a_version_that_was_never_promoted_does_not_get_there_by_a_rollback(followed: Registry) -> None:
    followed.create_model_version("m", model_data=b"three")
    with pytest.warns(RegoloNotice, match=r"rolled back from production=1\.1"):
        followed.rollback_endpoint("e", "1.2")
    assert placed(followed) == "1.1"
    with pytest.raises(PolicyRefused, match="never promoted to 'production'") as caught:
        followed.rollback_endpoint("e", "1.2", keep_environment=False)
    assert str(caught.value.hint) == "git regolo promote m@1.2 production"


def test_other_endpoints_are_not_moved_unless_they_are_meant(followed: Registry) -> None:
    followed.create_endpoint("f", "m", "production", environment="production")
    followed.create_endpoint("free", "m", "1.1")
    with pytest.warns(RegoloNotice, match="rolled back"):
        followed.rollback_endpoint("e")
    assert (placed(followed), state(followed, "f")) == ("1.1", "follows production=1.1")
    before = commits(followed)
    followed.rollback_endpoint("f", "1.0", keep_environment=False)
    assert (placed(followed), commits(followed)) == ("1.0", before + 1)
    assert {name: dict(followed.get_endpoint(name).traffic) for name in ("e", "f", "free")} == {
        "e": {"1.0": 1.0},
        "f": {"1.0": 1.0},
        "free": {"1.1": 1.0},
    }
    assert [followed.get_endpoint_history(name)[0].action for name in ("e", "f")] == ["rollback", "rollback"]


def test_an_environment_without_a_version_stays_empty(registered: Registry) -> None:
    registered.create_endpoint("e", "m", "1.0", environment="production")
    assert state(registered) == "follows production, which has no version"
    with pytest.warns(RegoloNotice, match="which has no version"):
        registered.update_endpoint_traffic("e", {"1.1": 1})
    with pytest.warns(RegoloNotice, match="which has no version"):
        registered.rollback_endpoint("e")
    assert registered.get_endpoint("e").rolled_back is None
    assert registered.get_promotion_history("m") == []


def test_a_reverted_rollback_restores_both(followed: Registry) -> None:
    followed.rollback_endpoint("e")
    git(followed.handle.paths.top, "revert", "--no-edit", "HEAD")
    assert (placed(followed), state(followed)) == ("1.1", "follows production=1.1")
    event = followed.get_promotion_history("m")[0]
    assert event.action == "revert"


def test_an_environment_that_cannot_be_read_does_not_stop_a_rollback(followed: Registry) -> None:
    top = followed.handle.paths.top
    (top / "environments/production/m.toml").write_text("broken\n")
    git(top, "commit", "-qam", "by hand")
    with pytest.warns(RegoloNotice, match=r"environments/production/m\.toml"):
        assert followed.rollback_endpoint("e").traffic == {"1.0": 1.0}
