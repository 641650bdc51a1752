"""Where a new version goes is decided by what is checked out."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict
from regolo_git.registry.versions.target_branch import Flow, TargetBranch, choose_target_branch

DIRECT = TargetBranch("main", tagged=True, new_branch=False)
PROPOSED = TargetBranch("main", tagged=False, new_branch=True)


def chosen(registry: Registry) -> dict[Flow, TargetBranch]:
    flows: tuple[Flow, ...] = ("auto", "direct", "propose")
    return {flow: choose_target_branch(registry.handle, flow) for flow in flows}


def test_on_the_registry_branch_a_version_is_tagged_at_once(registry: Registry) -> None:
    assert chosen(registry) == {"auto": DIRECT, "direct": DIRECT, "propose": PROPOSED}


def test_on_another_branch_it_is_tagged_after_the_merge_or_when_asked_for(registry: Registry) -> None:
    git(registry.handle.paths.top, "switch", "-qc", "topic")
    assert chosen(registry) == {
        "auto": TargetBranch("topic", tagged=False, new_branch=False),
        "direct": TargetBranch("topic", tagged=True, new_branch=False),
        "propose": PROPOSED,
    }


def test_a_bare_repository_has_the_registry_branch_only(registry: Registry, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(registry.handle.paths.top), "bare")
    with Registry.open(tmp_path / "bare") as bare:
        assert chosen(bare) == {"auto": DIRECT, "direct": DIRECT, "propose": PROPOSED}


def test_on_a_detached_head_a_commit_would_be_lost(registry: Registry) -> None:
    git(registry.handle.paths.top, "switch", "-q", "--detach")
    with pytest.raises(Conflict, match="detached") as caught:
        choose_target_branch(registry.handle, "auto")
    assert caught.value.hint == "git switch main"
    assert choose_target_branch(registry.handle, "direct") == DIRECT


def test_a_rebase_that_is_under_way_is_named_instead(registry: Registry) -> None:
    git(registry.handle.paths.top, "switch", "-q", "--detach")
    (registry.handle.paths.git_dir / "rebase-merge").mkdir()
    with pytest.raises(Conflict, match="a rebase is") as caught:
        choose_target_branch(registry.handle, "auto")
    assert caught.value.hint == "git rebase --continue"
