"""Where the registry's branch is found from, and that no second one is made."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict


@pytest.fixture
def monorepo(git_repository: Path) -> Path:
    """Code on branch `develop`, and a topic branch from before the registry."""
    git(git_repository, "switch", "-qc", "develop")
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "code")
    git(git_repository, "branch", "older")
    return git_repository


def test_a_branch_from_before_the_registry_finds_it(monorepo: Path) -> None:
    with Registry.init(monorepo) as registry:
        registry.register_model("m", b"one")
    git(monorepo, "switch", "-q", "older")
    before = git(monorepo, "for-each-ref")
    with Registry.init(monorepo) as registry:
        assert registry.handle.registry_branch() == "develop"
        assert registry.get_model_version("m").version == "1.0"
    assert git(monorepo, "for-each-ref") == before


def test_a_clone_of_such_a_branch_finds_it_as_last_fetched(monorepo: Path, tmp_path: Path) -> None:
    with Registry.init(monorepo) as registry:
        registry.register_model("m", b"one")
    git(tmp_path, "clone", "-q", "--branch=older", str(monorepo), "clone")
    with Registry.open(tmp_path / "clone") as clone:
        assert [model.name for model in clone.list_models()] == ["m"]


def test_what_another_branch_says_of_itself_counts_only_there(monorepo: Path) -> None:
    Registry.init(monorepo).close()
    git(monorepo, "branch", "a-topic")  # has the file too, and is not the branch that it names
    git(monorepo, "switch", "-q", "older")
    with Registry.open(monorepo) as registry:
        assert registry.handle.registry_branch() == "develop"


def test_a_detached_head_gets_no_branch_of_its_own(monorepo: Path) -> None:
    git(monorepo, "switch", "-q", "--detach")
    before = git(monorepo, "for-each-ref")
    with pytest.raises(Conflict, match="HEAD is detached") as caught:
        Registry.init(monorepo)
    assert git(monorepo, "for-each-ref") == before
    git(monorepo, *str(caught.value.hint).split()[1:])
    Registry.init(monorepo).close()
