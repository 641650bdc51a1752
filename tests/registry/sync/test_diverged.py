"""The hint for a branch that diverged pulls that branch, whichever is checked out."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from support.clones import Team, diverge, pushed
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, RegoloNotice
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.sync.pull import pull


def follow(error: Conflict, top: Path) -> None:
    """Types the hint."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["sh", "-c", str(error.hint)], cwd=top, env={**os.environ, "PATH": path}, check=True, timeout=60
    )


def test_a_branch_that_is_not_checked_out_is_switched_to_and_back(team: Team) -> None:
    ours = diverge(team)
    top = ours.handle.paths.top
    git(top, "switch", "-qc", "topic", "origin/main")
    with pytest.raises(Conflict, match="'main' and its remote have diverged") as caught:
        pushed(ours)
    steps = "git switch main && git pull --rebase origin main && git switch - && git regolo push"
    assert str(caught.value.hint) == steps
    follow(caught.value, top)
    assert git(team.host, "log", "-1", "--format=%s", "main").strip() == "say what it is"
    assert git(top, "branch", "--show-current").strip() == "topic"


def test_a_branch_in_another_work_tree_is_pulled_there(team: Team, tmp_path: Path) -> None:
    ours = diverge(team)
    top = ours.handle.paths.top
    git(top, "switch", "-qc", "topic", "origin/main")
    git(top, "worktree", "add", "-q", str(tmp_path / "the main one"), "main")
    with pytest.raises(Conflict) as caught:
        pushed(ours)
    place = tmp_path / "the main one"
    assert str(caught.value.hint) == f"git -C '{place}' pull --rebase origin main && git regolo push"
    follow(caught.value, top)
    assert git(team.host, "log", "-1", "--format=%s", "main").strip() == "say what it is"


def test_the_operations_branch_is_pulled_by_its_name(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    change_setting(ours.handle, "registry.operations", "ops")
    pushed(ours)
    git(theirs.handle.paths.top, "pull", "-q")
    for clone, replicas in ((theirs, 1), (ours, 2)):
        with Registry.open(clone.handle.paths.top) as again:
            again.promote_model_version("m", "1.0", "staging", replicas=replicas)
    pushed(theirs)
    with pytest.raises(Conflict, match="was changed by another clone, too") as caught:
        pushed(ours)
    steps = "git switch ops && git pull --rebase origin ops && git switch - && git regolo push"
    assert str(caught.value.hint) == steps


def test_a_pull_rebases_no_other_branch(team: Team) -> None:
    ours = diverge(team)
    top = ours.handle.paths.top
    git(top, "switch", "-qc", "topic", "origin/main")
    git(top, "push", "-q", "-u", "origin", "topic")
    git(top, "config", "pull.rebase", "true")
    before = git(top, "for-each-ref", "refs/heads")
    with Registry.open(top) as again, pytest.raises(Conflict, match="'main' and its remote have diverged"):
        pull(again.handle)
    assert git(top, "for-each-ref", "refs/heads") == before


def test_a_version_that_a_rebase_left_out_is_named(team: Team) -> None:
    ours = team.clone("ours")
    top = ours.handle.paths.top
    ours.create_model_version("m", model_data=b"two")
    git(top, "switch", "-qc", "topic")
    git(top, "switch", "-q", "main")
    git(top, "reset", "-q", "--keep", "origin/main")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a branch has it
        pushed(ours)
    git(top, "branch", "-qD", "topic")
    with pytest.warns(RegoloNotice, match=r"'m@1\.1' is on no branch, so it was not pushed: .*renumber"):
        pushed(ours)
    with Registry.open(top) as again:
        number = again.renumber_model_version("m", "1.1").version
    assert [version.version for version in pushed(ours).versions] == [number]


def test_versions_on_another_branch_need_no_new_number(team: Team) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    change_setting(ours.handle, "registry.operations", "ops")
    pushed(ours)
    git(theirs.handle.paths.top, "pull", "-q")
    theirs.create_model_version("m", model_data=b"theirs")
    ours.create_model_version("m", model_data=b"ours")
    for clone, replicas in ((theirs, 1), (ours, 2)):
        with Registry.open(clone.handle.paths.top) as again:
            again.promote_model_version("m", "1.0", "staging", replicas=replicas)
    pushed(theirs)
    with pytest.raises(Conflict, match=r"'environments/staging/m\.toml' was changed") as caught:
        pushed(ours)
    assert str(caught.value.hint).endswith("&& git switch - && git regolo push")
