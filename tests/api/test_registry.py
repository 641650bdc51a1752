"""Opening a registry, making one, and closing it."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, NotFound


def test_a_registry_is_opened_from_any_directory_in_it(registry: Registry) -> None:
    top = registry.handle.paths.top
    (top / "deep" / "er").mkdir(parents=True)
    registry.register_model("m", b"one")
    with Registry.open(str(top / "deep" / "er")) as opened:
        assert [model.name for model in opened.list_models()] == ["m"]


def test_where_there_is_no_repository_there_is_no_registry(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Registry.open(tmp_path)


def test_initializing_twice_commits_once(git_repository: Path) -> None:
    for _ in range(2):
        Registry.init(git_repository, store="s3://models/team").close()
    assert git(git_repository, "rev-list", "--count", "HEAD").strip() == "1"
    assert "s3://models/team" in (git_repository / ".regolo" / "config.toml").read_text()


def test_a_failed_initialization_changes_nothing(git_repository: Path) -> None:
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "theirs")
    git(git_repository, "switch", "-q", "--detach")
    git(git_repository, "branch", "-D", "-q", "main")
    with pytest.raises(Conflict, match="HEAD is detached"):
        Registry.init(git_repository)
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_registry_can_be_closed_twice_and_used_by_another(git_repository: Path) -> None:
    with Registry.init(git_repository) as registry:
        registry.register_model("m", b"one")
    registry.close()
    with Registry.open(git_repository) as another:
        assert another.get_model("m").name == "m"
