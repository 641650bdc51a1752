"""The registry's configuration is changed in one commit, and never into one that cannot be read."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.registry.configuration import change_setting, find_setting, read_settings
from regolo_git.registry.handle import Handle

PATH = ".regolo/config.toml"


def test_a_setting_is_changed_in_one_commit_and_comments_stay(
    registry: Registry, git_repository: Path
) -> None:
    text = (git_repository / PATH).read_text()
    commit = change_setting(registry.handle, "store.digest", "blake3")
    assert git(git_repository, "rev-parse", "HEAD").strip() == commit
    assert (git_repository / PATH).read_text() == text.replace('"sha256"', '"blake3"')
    assert registry.handle.config().digest == "blake3"
    assert "set store.digest" in git(git_repository, "log", "-1", "--format=%s")


def test_a_setting_is_found_by_its_dotted_key(registry: Registry) -> None:
    change_setting(registry.handle, "environments.production.replicas", 3)
    settings = read_settings(registry.handle)
    assert find_setting(settings, "environments.production.replicas") == 3
    assert find_setting(settings, "environments.production") == {"replicas": 3}
    for key in ("nothing", "registry.branch.name", "environments.staging.replicas"):
        with pytest.raises(NotFound, match=f"'{key}'"):
            find_setting(settings, key)


def test_a_setting_is_removed(registry: Registry) -> None:
    change_setting(registry.handle, "store.url", "/shared")
    change_setting(registry.handle, "store.url", None)
    assert registry.handle.config().store_url is None
    with pytest.raises(NotFound, match=r"'store\.url'") as caught:
        change_setting(registry.handle, "store.url", None)
    assert caught.value.hint == Hint("config")


def test_the_same_value_again_is_not_a_change(registry: Registry, git_repository: Path) -> None:
    before = git(git_repository, "rev-parse", "HEAD")
    with pytest.raises(Conflict) as caught:
        change_setting(registry.handle, "registry.branch", "main")
    assert caught.value.hint == Hint("config", "registry.branch")
    assert git(git_repository, "rev-parse", "HEAD") == before


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("store.digest", "md5", Hint("config", "store")),
        ("format", 0, Hint("config")),
        ("environments.production.requires", ["canary"], Hint("config", "environments.production")),
    ],
)
def test_a_value_that_no_configuration_can_have_is_refused(
    registry: Registry, git_repository: Path, key: str, value: object, hint: Hint
) -> None:
    before = git(git_repository, "rev-parse", "HEAD")
    with pytest.raises(InvalidInput) as caught:
        change_setting(registry.handle, key, value)  # type: ignore[arg-type]
    assert caught.value.hint == hint
    assert git(git_repository, "rev-parse", "HEAD") == before


def test_where_there_is_no_registry_there_are_no_settings(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "plain")
    commit_files(tmp_path / "plain", {"README": "nothing here"})
    with pytest.raises(NotFound, match="not a registry"):
        read_settings(Handle.open(tmp_path / "plain", {}))


def test_a_registry_branch_that_lost_its_configuration_says_so(
    registry: Registry, git_repository: Path
) -> None:
    git(git_repository, "switch", "-qc", "topic")
    git(
        git_repository,
        "branch",
        "-f",
        "main",
        git(git_repository, "commit-tree", "-m", "empty", "HEAD:.regolo").strip(),
    )
    with pytest.raises(NotFound, match="not a registry"):
        read_settings(registry.handle)
