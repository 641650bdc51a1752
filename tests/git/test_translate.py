"""Errors of libgit2 and the system become ours, each of the kind that says what to do next."""

import errno
import os
from pathlib import Path

import pygit2
import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    LostRace,
    MissingObject,
    NotFound,
    RegoloError,
    TransportError,
)
from regolo_git.git.translate import git_errors, is_full

CASES = [
    (KeyError("abc"), MissingObject, "git fsck"),
    (pygit2.GitError("failed to lock file '/x' for writing: "), LostRace, "try again"),
    (pygit2.GitError("failed to create locked file '/x.lock'"), LostRace, "try again"),
    (pygit2.GitError("failed to rename lockfile to '/x'"), LostRace, "try again"),
    (pygit2.GitError("old reference value does not match"), LostRace, "try again"),
    (pygit2.GitError("failed to create commit: current tip is not the first parent"), LostRace, "try again"),
    (pygit2.GitError("The index is locked. This might be due to a running process"), LostRace, "try again"),
    (pygit2.GitError("object not found - no match for id (abc)"), MissingObject, "git fsck"),
    (pygit2.GitError("failed to open '/x': "), MissingObject, "git fsck"),
    (pygit2.GitError("could not open pack"), MissingObject, "git fsck"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory"), MissingObject, "git fsck"),
    (ValueError("something else"), IntegrityError, "git fsck"),
    (pygit2.GitError("invalid object"), IntegrityError, "git fsck"),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), Conflict, "check the permissions"),
    (OSError(errno.EROFS, os.strerror(errno.EROFS)), Conflict, "check the permissions"),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), TransportError, "free some space"),
    (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), TransportError, "free some space"),
    # It begins like a lost race, and trying again would not help.
    (
        pygit2.GitError("failed to create locked file: No space left on device"),
        TransportError,
        "free some space",
    ),
    (pygit2.GitError("failed to create locked file: Permission denied"), Conflict, "check the permissions"),
    (pygit2.GitError("unsupported extension name extensions.x"), InvalidInput, "git init"),
]


@pytest.mark.parametrize(("error", "kind", "hint"), CASES, ids=lambda case: str(case)[:50])
def test_an_error_becomes_the_one_of_its_kind(error: Exception, kind: type[RegoloError], hint: str) -> None:
    with pytest.raises(RegoloError) as caught, git_errors("branch 'main'"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.message.startswith("branch 'main': ")
    assert hint in str(caught.value.hint)
    assert caught.value.__cause__ is error


def test_an_error_of_ours_passes_as_it_is() -> None:
    ours = NotFound("mine")
    with pytest.raises(NotFound) as caught, git_errors("branch 'main'"):
        raise ours
    assert caught.value is ours


def test_a_mistake_in_a_program_is_not_dressed_up() -> None:
    with pytest.raises(TypeError), git_errors("branch 'main'"):
        raise TypeError


@pytest.mark.parametrize("owned", ["/srv/my models/", "/"])
def test_somebody_elses_repository_is_named_as_it_can_be_typed(owned: str) -> None:
    with pytest.raises(Conflict) as caught, git_errors("repository"):
        raise pygit2.GitError(f"repository path '{owned}' is not owned by current user")
    quoted = "'/srv/my models'" if owned != "/" else "/"
    assert str(caught.value.hint) == f"git config --global --add safe.directory {quoted}"


@pytest.mark.parametrize(
    "said", ["No space left on device", "fatal: out of diskspace", "Disk quota exceeded"]
)
def test_a_full_disk_is_recognized_by_its_message(said: str) -> None:
    assert is_full(said)
    assert not is_full(said.replace("s", ""))


def test_a_lock_that_git_holds_is_a_lost_race(git_repository: Path) -> None:
    commit_files(git_repository, {"file": "1"})
    repository = opened(git_repository).pygit
    (git_repository / ".git/refs/heads/main.lock").touch()
    with (
        pytest.raises(LostRace),
        git_errors("branch 'main'"),
        repository.transaction() as transaction,
    ):
        transaction.lock_ref("refs/heads/main")


def test_an_object_that_is_gone_is_a_missing_object(git_repository: Path) -> None:
    commit = commit_files(git_repository, {"file": "1"})
    repository = opened(git_repository)
    tree = git(git_repository, "rev-parse", "HEAD^{tree}").strip()
    (git_repository / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(MissingObject, match=commit):
        repository.read_file(commit, "file")


def test_an_object_that_is_damaged_is_an_integrity_error(git_repository: Path) -> None:
    commit_files(git_repository, {"file": "1"})
    blob = git(git_repository, "rev-parse", "HEAD:file").strip()
    place = git_repository / ".git/objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(b"no object")
    with pytest.raises(IntegrityError, match=blob):
        opened(git_repository).read_blob(blob)
