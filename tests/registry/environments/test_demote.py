"""A version is taken out of an environment, with a history."""

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, NewerFormat, NotFound
from regolo_git.registry.endpoints.deployed import read_deployed
from regolo_git.registry.environments.demote import demote


@pytest.fixture
def promoted(registered: Registry, once: Once) -> Registry:
    """1.0 and then 1.1 in production, 1.1 in staging."""

    def build() -> None:
        registered.promote_model_version("m", "1.0", "production")
        registered.promote_model_version("m", "1.1", "production")
        registered.promote_model_version("m", "1.1", "staging")

    once(build)
    return registered


def test_a_demotion_is_one_commit_with_a_history(promoted: Registry) -> None:
    top = promoted.handle.paths.top
    before = int(git(top, "rev-list", "--count", "HEAD"))
    removed = promoted.demote_model_version("m", "production", message="too slow")
    assert removed is not None
    assert (removed.version, int(git(top, "rev-list", "--count", "HEAD"))) == ("1.1", before + 1)
    assert promoted.get_model_version("m", "1.1").environments == ("staging",)
    with pytest.raises(NotFound):
        promoted.get_model_version("m", "production")
    event = promoted.get_promotion_history("m", "production")[0]
    assert (event.action, event.promotion, event.message) == ("demote", None, "too slow")
    trailers = git(top, "log", "-1", "--format=%(trailers)")
    assert "Regolo-Action: demote\nRegolo-Environment: production\nRegolo-From: m@1.1" in trailers
    assert not (top / "environments/production/m.toml").exists()
    promoted.promote_model_version("m", "1.1", "production")


@pytest.mark.parametrize(
    ("model", "environment", "hint"),
    [
        ("m", "stagin", "git regolo demote m staging"),
        ("m", "canary", "git regolo history m"),
        ("n", "staging", "git regolo list"),
    ],
)
def test_what_is_not_there_is_not_demoted(
    promoted: Registry, model: str, environment: str, hint: str
) -> None:
    before = git(promoted.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(NotFound) as caught:
        promoted.demote_model_version(model, environment)
    assert str(caught.value.hint) == hint
    assert git(promoted.handle.paths.top, "rev-parse", "HEAD") == before


def test_only_the_version_that_was_named_is_demoted(promoted: Registry) -> None:
    with pytest.raises(Conflict, match=r"'m@1\.1' is in 'production', not 'm@1\.0'"):
        demote(promoted.handle, "m", "production", version="1.0")
    demote(promoted.handle, "m", "production", version="1.1.0")


def test_a_follower_keeps_what_it_serves(promoted: Registry) -> None:
    promoted.create_endpoint("e", "m", "production", environment="production")
    done = demote(promoted.handle, "m", "production")
    assert [follower.name for follower in done.followers] == ["e"]
    endpoint = promoted.get_endpoint("e")
    assert endpoint.traffic == {"1.1": 1.0}
    state = read_deployed(promoted.handle, endpoint).state
    assert state == "follows production, which has no version"
    promoted.promote_model_version("m", "1.0", "production")
    assert promoted.get_endpoint("e").traffic == {"1.0": 1.0}


def test_a_proposed_demotion_takes_effect_with_the_merge(promoted: Registry) -> None:
    top = promoted.handle.paths.top
    promoted.promote_model_version("m", "1.1", "production", replicas=4, propose=True)
    promoted.demote_model_version("m", "production", propose=True)
    assert promoted.get_model_version("m", "production").version == "1.1"
    git(top, "merge", "-q", "--no-ff", "-m", "merge", "operate/demote/production/m@1.1")
    with pytest.raises(NotFound):
        promoted.get_model_version("m", "production")
    assert promoted.get_promotion_history("m", "production")[0].action == "demote"


def test_a_promotion_that_cannot_be_read_can_be_demoted_but_not_one_of_a_newer_release(
    promoted: Registry,
) -> None:
    top = promoted.handle.paths.top
    (top / "environments/production/m.toml").write_text("broken\n")
    (top / "environments/staging/m.toml").write_text("format = 2\n")
    git(top, "commit", "-qam", "by hand")
    assert promoted.demote_model_version("m", "production") is None
    with pytest.raises(NewerFormat):
        promoted.demote_model_version("m", "staging")
