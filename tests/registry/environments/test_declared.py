"""Environments are declared; a mistyped name does not create one, and none is hidden by the first key."""

import tomllib
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git
from support.registry_fixtures import configure

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.environments.declared import UnknownEnvironment


def declared(registry: Registry) -> list[str]:
    text = (registry.handle.paths.top / ".regolo/config.toml").read_text()
    return list(tomllib.loads(text).get("environments", {}))


def head(registry: Registry) -> str:
    return git(registry.handle.paths.top, "rev-parse", "HEAD").strip()


@pytest.fixture
def undeclared(registered: Registry, once: Once) -> Registry:
    """A registry as the first release made it, with 1.0 in `qa` and in `production`."""

    def build() -> None:
        first = head(registered)
        registered.promote_model_version("m", "1.0", "qa", new_environment=True)
        registered.promote_model_version("m", "1.0", "production")
        git(registered.handle.paths.top, "checkout", "-q", first, "--", ".regolo/config.toml")
        configure(registered, "")

    once(build)
    assert declared(registered) == []
    return registered


def test_a_new_registry_declares_staging_and_production(registry: Registry) -> None:
    assert declared(registry) == ["staging", "production"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("prodution", "production"), ("prod", "production"), ("stagging", "staging"), ("canary", None)],
)
def test_an_unknown_environment_is_refused_with_the_nearest_one(
    registered: Registry, name: str, meant: str | None
) -> None:
    before = head(registered)
    with pytest.raises(UnknownEnvironment) as caught:
        registered.promote_model_version("m", "1.0", name)
    assert (caught.value.nearest, head(registered)) == (meant, before)
    declaring = f"git regolo promote m@1.0 {name} --yes"
    hint = f"git regolo promote m@1.0 {meant}   (to declare '{name}': {declaring})" if meant else declaring
    assert str(caught.value.hint) == hint
    assert "new_environment=True" in caught.value.__notes__[0]
    with pytest.raises(UnknownEnvironment):
        registered.promote_model_version("m", "1.0", name, propose=True)
    assert "propose" not in git(registered.handle.paths.top, "branch", "--list")


def test_a_new_environment_is_declared_in_the_same_commit(registered: Registry) -> None:
    before = int(git(registered.handle.paths.top, "rev-list", "--count", "HEAD"))
    registered.promote_model_version("m", "1.0", "canary", new_environment=True)
    assert int(git(registered.handle.paths.top, "rev-list", "--count", "HEAD")) == before + 1
    assert declared(registered) == ["staging", "production", "canary"]
    registered.promote_model_version("m", "1.1", "canary")
    with pytest.raises(InvalidInput):
        registered.promote_model_version("m", "1.1", "Canary", new_environment=True)


def test_a_proposed_declaration_comes_with_the_merge(registered: Registry) -> None:
    registered.promote_model_version("m", "1.0", "canary", new_environment=True, propose=True)
    assert declared(registered) == ["staging", "production"]
    git(registered.handle.paths.top, "merge", "-q", "operate/canary/m@1.0")
    assert declared(registered) == ["staging", "production", "canary"]
    assert registered.get_model_version("m", "canary").version == "1.0"


def test_an_endpoint_does_not_follow_a_mistyped_environment(registered: Registry) -> None:
    with pytest.raises(UnknownEnvironment) as caught:
        registered.create_endpoint("e", "m", "1.0", environment="prodution")
    assert str(caught.value.hint) == "git regolo endpoint create e m@1.0 --environment production"
    assert caught.value.__notes__ == [
        'hint: regolo.create_endpoint("e", "m", "1.0", environment="production")'
    ]
    assert registered.list_endpoints() == []


def test_a_registry_without_declarations_keeps_its_environments(undeclared: Registry) -> None:
    for environment in ("qa", "staging", "production"):
        undeclared.promote_model_version("m", "1.1", environment)
    assert declared(undeclared) == []
    with pytest.raises(UnknownEnvironment, match=r"\(known: qa, staging, production\)"):
        undeclared.promote_model_version("m", "1.1", "qb-two")


@pytest.mark.parametrize("key", ["staging.replicas", "production.replicas", "qa.replicas", "eu.replicas"])
def test_the_first_key_does_not_hide_the_other_environments(undeclared: Registry, key: str) -> None:
    change_setting(undeclared.handle, f"environments.{key}", 2)
    more = ["eu"] if key.startswith("eu") else []
    assert declared(undeclared) == ["qa", "staging", "production", *more]
    undeclared.promote_model_version("m", "1.1", "production")
    assert undeclared.handle.config().environment(key.partition(".")[0]).replicas == 2  # type: ignore[union-attr]


def test_the_first_rule_does_not_hide_the_other_environments(undeclared: Registry) -> None:
    change_setting(undeclared.handle, "environments.production.requires", ["staging"])
    with pytest.raises(PolicyRefused):
        undeclared.promote_model_version("m", "1.1", "production")
    undeclared.promote_model_version("m", "1.1", "qa")


def test_a_new_environment_does_not_hide_the_others(undeclared: Registry) -> None:
    undeclared.promote_model_version("m", "1.1", "eu", new_environment=True)
    assert declared(undeclared) == ["qa", "staging", "production", "eu"]


def test_a_directory_that_is_not_an_environment_is_not_declared(undeclared: Registry) -> None:
    top: Path = undeclared.handle.paths.top
    (top / "environments/Old_1").mkdir()
    (top / "environments/Old_1/m.toml").write_text("format = 1\n")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "by hand")
    change_setting(undeclared.handle, "environments.staging.replicas", 2)
    assert declared(undeclared) == ["qa", "staging", "production"]
