"""The journal is read as it was written; a lock is removed only where it is known to be ours."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.journal import (
    Journal,
    LockFile,
    clear_journal,
    journal_path,
    read_journal,
    record_taken_locks,
    remove_stale_locks,
    write_journal,
)
from regolo_git.git.worktrees import FileEdit, WorkTree

oids = st.text("0123456789abcdef", min_size=40, max_size=40)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)
places = texts.map(lambda text: Path("/", text))
journals = st.builds(
    Journal,
    branch_ref=st.none() | texts,
    old=st.none() | oids,
    new=oids,
    tag_ref=st.none() | texts,
    tag_oid=st.none() | oids,
    edits=st.lists(st.builds(FileEdit, texts, st.none() | oids, st.none() | oids), max_size=3).map(tuple),
    work_trees=st.lists(st.builds(WorkTree, places, places), max_size=2).map(tuple),
    locks=st.lists(st.builds(LockFile, texts, st.none() | st.integers(0, 1 << 64)), max_size=2).map(tuple),
)
TAG_ALONE = Journal(None, None, "c" * 40, "refs/tags/t", "d" * 40, (), (), ())


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> RepositoryPaths:
    inside = tmp_path_factory.mktemp("clone")
    return RepositoryPaths(inside, inside, None)


@given(journals)
def test_written_values_are_read_back(paths: RepositoryPaths, journal: Journal) -> None:
    write_journal(paths, journal)
    assert read_journal(paths) == journal


def test_taken_locks_are_added_and_may_be_cut_short(paths: RepositoryPaths, tmp_path: Path) -> None:
    taken = tmp_path / "taken.lock"
    taken.touch()
    journal = replace(TAG_ALONE, locks=(LockFile(str(taken)),))
    write_journal(paths, journal)
    record_taken_locks(paths, journal)
    assert read_journal(paths) == replace(journal, locks=(LockFile(str(taken), taken.stat().st_ino),))
    journal_path(paths).write_bytes(journal_path(paths).read_bytes()[:-3])
    assert read_journal(paths) == journal
    clear_journal(paths)


def test_a_cleared_journal_is_gone_and_may_be_cleared_again(paths: RepositoryPaths) -> None:
    write_journal(paths, TAG_ALONE)
    clear_journal(paths)
    clear_journal(paths)
    assert read_journal(paths) is None
    assert list((paths.common_dir / "regolo").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b"null", b'{"branch_ref": null, "new": 1}'])
def test_a_damaged_journal_is_none(paths: RepositoryPaths, content: bytes) -> None:
    write_journal(paths, TAG_ALONE)
    journal_path(paths).write_bytes(content)
    assert read_journal(paths) is None


def test_a_journal_cut_short_anywhere_is_none(paths: RepositoryPaths) -> None:
    write_journal(paths, TAG_ALONE)
    whole = journal_path(paths).read_bytes()
    for end in range(len(whole)):
        journal_path(paths).write_bytes(whole[:end])
        assert read_journal(paths) is None


def test_it_is_called_after_its_branch_or_else_its_tag() -> None:
    assert TAG_ALONE.subject == "'refs/tags/t'"
    assert Journal("refs/heads/b", None, "", "refs/tags/t", "", (), (), ()).subject == "'refs/heads/b'"


def test_taken_locks_are_told_by_their_inodes(tmp_path: Path) -> None:
    taken, free = tmp_path / "taken.lock", tmp_path / "free.lock"
    taken.touch()
    journal = Journal(None, None, "", None, None, (), (), (LockFile(str(taken)), LockFile(str(free))))
    inodes = [lock.inode for lock in journal.with_taken_locks().locks]
    assert inodes == [taken.stat().st_ino, None]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "main.lock"
    path.write_text(f"{'a' * 40}\n")
    return path


OURS = [b"", b"a" * 40]


def test_a_lock_with_our_inode_and_content_is_removed(lock: Path) -> None:
    assert remove_stale_locks([LockFile(str(lock), lock.stat().st_ino)], OURS) == []
    assert not lock.exists()


def test_a_lock_that_was_not_written_yet_is_ours_too(lock: Path) -> None:
    os.truncate(lock, 0)
    assert remove_stale_locks([LockFile(str(lock), lock.stat().st_ino)], OURS) == []
    assert not lock.exists()


def test_a_lock_with_our_inode_and_other_content_is_left(lock: Path) -> None:
    """A filesystem gives the inode of a file that is gone to the next one that is made."""
    assert remove_stale_locks([LockFile(str(lock), lock.stat().st_ino)], [b"", b"b" * 40]) == [str(lock)]
    assert lock.exists()


def test_a_lock_of_unknown_inode_that_stays_as_it_is_was_left_by_the_dead(lock: Path) -> None:
    assert remove_stale_locks([LockFile(str(lock))], OURS) == []
    assert not lock.exists()


@pytest.mark.parametrize("change", ["written", "replaced", "released"])
def test_a_lock_of_unknown_inode_that_somebody_works_with_is_left(
    lock: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(seconds: float) -> None:
        assert seconds == 1.0
        if change == "written":
            lock.write_text("b" * 40)
        elif change == "replaced":
            (lock.parent / "new").write_bytes(lock.read_bytes())
            (lock.parent / "new").replace(lock)
        else:
            lock.unlink()

    monkeypatch.setattr("time.sleep", meanwhile)
    assert remove_stale_locks([LockFile(str(lock))], OURS) == [str(lock)]
    assert lock.exists() == (change != "released")


def test_removed_locks_are_not_reported(tmp_path: Path) -> None:
    assert remove_stale_locks([LockFile(str(tmp_path / "a.lock"), 1), LockFile("/nowhere")], OURS) == []
