"""Refs of this clone that move on their own."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.errors import Conflict
from regolo_git.git.discover import find_repository
from regolo_git.git.local_refs import create_branch_at, move_branch, remove_branch
from regolo_git.git.repository import GitRepository


def opened(top: Path) -> GitRepository:
    return GitRepository.open(find_repository(top, {}))


@pytest.fixture
def two_commits(git_repository: Path) -> tuple[Path, str, str]:
    """A checked-out `main`, and the commits before it and at it."""
    before = commit_files(git_repository, {"a": "one\n", "b": "one\n"})
    after = commit_files(git_repository, {"a": "two\n"})
    git(git_repository, "reset", "-q", "--hard", before)
    return git_repository, before, after


def test_a_checked_out_branch_moves_with_its_files(two_commits: tuple[Path, str, str]) -> None:
    top, before, after = two_commits
    (top / "b").write_text("mine\n")
    (top / "a").unlink()
    (top / "a").write_text("one\n")  # the same bytes in another file
    move_branch(opened(top), "main", before, after, "test")
    assert git(top, "rev-parse", "HEAD").strip() == after
    assert ((top / "a").read_text(), (top / "b").read_text()) == ("two\n", "mine\n")


def test_a_changed_file_is_not_overwritten(two_commits: tuple[Path, str, str]) -> None:
    top, before, after = two_commits
    (top / "a").write_text("mine\n")
    with pytest.raises(Conflict):
        move_branch(opened(top), "main", before, after, "test")
    assert git(top, "rev-parse", "HEAD").strip() == before
    assert (top / "a").read_text() == "mine\n"


def test_another_branch_moves_with_a_reason(two_commits: tuple[Path, str, str]) -> None:
    top, before, after = two_commits
    create_branch_at(opened(top), "ops", before)
    move_branch(opened(top), "ops", before, after, "fast-forward")
    assert git(top, "rev-parse", "ops").strip() == after
    assert "regolo: fast-forward" in git(top, "reflog", "ops")
    with pytest.raises(Conflict, match="was moved meanwhile"):
        move_branch(opened(top), "ops", before, after, "fast-forward")


def test_a_branch_is_created_once_and_removed_where_it_was(two_commits: tuple[Path, str, str]) -> None:
    top, before, after = two_commits
    create_branch_at(opened(top), "ops", before)
    with pytest.raises(Conflict):
        create_branch_at(opened(top), "ops", after)
    with pytest.raises(Conflict, match="blocks the name"):
        create_branch_at(opened(top), "ops/more", before)
    remove_branch(opened(top), "ops", after)
    assert git(top, "rev-parse", "ops").strip() == before
    remove_branch(opened(top), "ops", before)
    assert git(top, "branch", "--list", "ops") == ""
