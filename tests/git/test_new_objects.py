"""Objects written together: the same as git's and the library's, durable, shared, and whole or not there."""

import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.git_program import git
from support.git_repository import opened, publish_version

from regolo_git.errors import RegoloError
from regolo_git.git.commit_objects import commit_object_bytes
from regolo_git.git.identity import Authorship, Identity
from regolo_git.git.new_objects import NewObjects, object_id
from regolo_git.git.repository import GitRepository

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def repository(git_repository: Path) -> GitRepository:
    (git_repository / "code").write_text("print()\n")
    git(git_repository, "add", "code")
    git(git_repository, "commit", "-qm", "code")
    return opened(git_repository)


def loose(repository: GitRepository, oid: str) -> Path:
    return repository.paths.common_dir / "objects" / oid[:2] / oid[2:]


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_a_blob_is_the_one_that_git_would_write(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    assert object_id("blob", data) == str(pygit2.hash(data))


def test_new_objects_are_read_by_git_and_the_library(repository: GitRepository) -> None:
    objects = NewObjects(repository)
    oids = [objects.add("blob", b"x" * size) for size in (0, 1, 70_000)]
    objects.write()
    for oid, size in zip(oids, (0, 1, 70_000), strict=True):
        assert repository.read_blob(oid) == b"x" * size
        assert git(repository.paths.top, "cat-file", "-s", oid).strip() == str(size)
        assert stat.S_IMODE(loose(repository, oid).stat().st_mode) == 0o444
    git(repository.paths.top, "fsck", "--strict")


@pytest.mark.parametrize("minutes", [0, 330, -150, -30, 765])
@pytest.mark.parametrize("message", ["one\n", "no line feed", "subject\n\nbody é\n", "\n leading\n\n\n"])
@pytest.mark.parametrize("name", ["Ada", "Grace Hopper", "Żółć"])
def test_a_commit_is_the_one_that_the_library_would_write(
    repository: GitRepository, minutes: int, message: str, name: str
) -> None:
    when = datetime.fromtimestamp(1_700_000_000, timezone(timedelta(minutes=minutes)))
    author, committer = Identity(name, "a@example.com", when), Identity("C", "c@example.com", when)
    parent = repository.pygit.head.target
    signatures = (
        pygit2.Signature(who.name, who.email, who.seconds, who.offset) for who in (author, committer)
    )
    tree = repository.pygit.TreeBuilder().write()
    theirs = str(repository.pygit.create_commit(None, *signatures, message, tree, [parent]))
    ours = commit_object_bytes(EMPTY_TREE, [str(parent)], Authorship(author, committer), message)
    assert object_id("commit", ours) == theirs


def test_an_object_that_is_there_is_kept_and_made_younger(repository: GitRepository) -> None:
    oid = str(repository.pygit.create_blob(b"old"))
    os.utime(loose(repository, oid), (1, 1))
    before = loose(repository, oid).stat().st_ino
    objects = NewObjects(repository)
    assert objects.add("blob", b"old") == oid
    objects.write()
    assert loose(repository, oid).stat().st_ino == before
    assert loose(repository, oid).stat().st_mtime > 1000


def test_an_object_in_a_pack_is_not_written_again(repository: GitRepository) -> None:
    git(repository.paths.top, "repack", "-adq")
    git(repository.paths.top, "prune-packed")
    packed = git(repository.paths.top, "rev-parse", "HEAD:code").strip()
    pack = next((repository.paths.common_dir / "objects" / "pack").glob("*.pack"))
    os.utime(pack, (1, 1))
    repository.reopen()
    objects = NewObjects(repository)
    assert objects.add("blob", repository.read_blob(packed)) == packed
    objects.write()
    assert not loose(repository, packed).exists()
    assert pack.stat().st_mtime > 1000


def test_an_object_of_an_alternate_is_not_written_again(tmp_path: Path, repository: GitRepository) -> None:
    borrower = tmp_path / "borrower"
    git(tmp_path, "clone", "-q", "--shared", str(repository.paths.top), str(borrower))
    borrowing = opened(borrower)
    there = git(borrower, "rev-parse", "HEAD:code").strip()
    objects = NewObjects(borrowing)
    assert objects.add("blob", borrowing.read_blob(there)) == there
    objects.write()
    assert not loose(borrowing, there).exists()


@pytest.mark.parametrize(("shared", "file", "directory"), [("group", 0o440, 0o2070), ("0664", 0o444, 0o2075)])
def test_objects_of_a_shared_repository_have_its_modes(
    repository: GitRepository, shared: str, file: int, directory: int
) -> None:
    git(repository.paths.top, "config", "core.sharedRepository", shared)
    objects, before = NewObjects(repository), os.umask(0o077)
    try:
        oid = objects.add("blob", b"for everybody")
        objects.write()
    finally:
        os.umask(before)
    place = loose(repository, oid)
    assert stat.S_IMODE(place.stat().st_mode) & 0o444 == file
    assert place.parent.stat().st_mode & directory == directory


def test_a_directory_that_cannot_be_written_leaves_nothing(repository: GitRepository) -> None:
    objects = NewObjects(repository)
    oids = [objects.add("blob", data) for data in (b"first", b"second")]
    top = repository.paths.common_dir / "objects"
    (top / oids[1][:2]).write_text("in the way of the directory")
    with pytest.raises(RegoloError):
        objects.write()
    assert not list(top.rglob("tmp_obj_*"))
    assert not loose(repository, oids[0]).exists()


def test_a_directory_that_git_removes_is_created_again(repository: GitRepository) -> None:
    objects = NewObjects(repository)
    oid = objects.add("blob", b"again")
    loose(repository, oid).parent.mkdir(exist_ok=True)
    git(repository.paths.top, "prune-packed")
    objects.write()
    assert repository.read_blob(oid) == b"again"


def test_a_version_leaves_no_object_without_its_contents(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    found = git(git_repository, "fsck", "--strict", "--no-dangling")
    assert "missing" not in found
    assert not list((git_repository / ".git/objects").rglob("tmp_obj_*"))
