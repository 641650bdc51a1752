"""Entries of the index are set by git itself, under a lock that is ours for certain."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.git_program import commit_files, git, new_repository

from regolo_git.errors import Conflict
from regolo_git.git.index_file import remove_leftovers, set_entries

BLOBS = [None, "1", "2"]


@pytest.fixture
def top(git_repository: Path) -> Path:
    commit_files(git_repository, {"a": "1", "deep/b": "2"})
    return git_repository


def blob(top: Path, content: str) -> str:
    return git(top, "hash-object", "-w", "--stdin", given=content).strip()


def entries(top: Path) -> dict[str, str]:
    lines = git(top, "ls-files", "--stage", "-z").split("\0")
    return {path: about for about, path in (line.split("\t") for line in lines if line)}


def set_in(top: Path, changes: dict[str, str | None]) -> None:
    set_entries(top / ".git", top, changes)


def test_entries_are_added_changed_and_taken_out(top: Path) -> None:
    before, new = entries(top), blob(top, "new")
    set_in(top, {"a": new, "c d\n": new, "deep/b": None})
    assert entries(top) == {"a": f"100644 {new} 0", "c d\n": f"100644 {new} 0"}
    set_in(top, {"a": before["a"].split()[1], "c d\n": None})
    assert entries(top) == {"a": before["a"]}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_repository(tmp_path_factory.mktemp("index") / "top")


@settings(max_examples=20)  # each asks git eight times
@given(st.dictionaries(st.sampled_from(("a", "é/b", "é/c", "-z")), st.sampled_from(BLOBS), min_size=1))
def test_taking_a_change_back_gives_the_index_that_was(shared: Path, changes: dict[str, str | None]) -> None:
    held = {"a": blob(shared, "held"), "é/b": blob(shared, "held")}
    set_in(shared, dict.fromkeys(("é/c", "-z")) | held)
    before = entries(shared)
    new = {path: None if content is None else blob(shared, content) for path, content in changes.items()}
    set_in(shared, new)
    assert {path: entries(shared).get(path, "none 0").split()[1] for path in new} == {
        path: oid or "0" for path, oid in new.items()
    }
    set_in(shared, {path: held.get(path) for path in changes})
    assert entries(shared) == before


def test_a_repository_without_an_index_gets_one(git_repository: Path) -> None:
    new = blob(git_repository, "new")
    set_in(git_repository, {"a": new})
    assert entries(git_repository) == {"a": f"100644 {new} 0"}


def test_entries_staged_by_others_stay_unchanged(top: Path) -> None:
    (top / "staged").write_text("theirs")
    git(top, "add", "staged")
    git(top, "update-index", "--assume-unchanged", "a")
    before = git(top, "ls-files", "--debug", "-v", "a", "staged")
    set_in(top, {"other": blob(top, "new")})
    assert git(top, "ls-files", "--debug", "-v", "a", "staged") == before


def test_nothing_of_ours_is_left_beside_the_index(top: Path) -> None:
    before = {path.name for path in (top / ".git").iterdir()}
    set_in(top, {"a": None})
    assert {path.name for path in (top / ".git").iterdir()} == before


def test_a_lock_that_is_let_go_in_time_is_waited_for(top: Path) -> None:
    lock = top / ".git" / "index.lock"
    lock.touch()
    timer = threading.Timer(0.05, lock.unlink)
    timer.start()
    set_in(top, {"a": None})
    timer.join()
    assert "a" not in entries(top)


def test_a_lock_that_stays_is_named_and_left(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.git.index_file.PATIENCE_SECONDS", 0.0)
    lock = top / ".git" / "index.lock"
    lock.write_text("somebody's")
    before = entries(top)
    with pytest.raises(Conflict, match=str(lock)) as caught:
        set_in(top, {"a": None})
    assert "git regolo doctor" in str(caught.value.hint)
    assert lock.read_text() == "somebody's"
    assert not list((top / ".git").glob("regolo-*"))
    lock.unlink()
    assert entries(top) == before


def test_leftovers_of_a_killed_run_are_removed_with_its_lock(top: Path) -> None:
    inside = top / ".git"
    for name in ("regolo-index", "regolo-index.lock", "regolo-index-lock"):
        (inside / name).touch()
    os.link(inside / "regolo-index-lock", inside / "index.lock")
    assert remove_leftovers(inside) is True
    assert not (inside / "index.lock").exists()
    assert not list(inside.glob("regolo-*"))
    assert remove_leftovers(inside) is False


def test_a_lock_that_is_not_ours_outlives_what_a_killed_run_left(top: Path) -> None:
    inside = top / ".git"
    (inside / "index.lock").touch()
    (inside / "regolo-index-lock").touch()
    assert remove_leftovers(inside) is False
    assert (inside / "index.lock").exists()
    assert not list(inside.glob("regolo-*"))


def test_leftovers_of_a_killed_run_do_no_harm(top: Path) -> None:
    inside = top / ".git"
    (inside / "regolo-index").write_text("half an index")
    (inside / "regolo-index-lock").touch()
    os.link(inside / "regolo-index-lock", inside / "index.lock")
    set_in(top, {"a": None})
    assert "a" not in entries(top)


def test_an_index_behind_a_link_is_changed_in_its_place(top: Path, tmp_path: Path) -> None:
    index, elsewhere = top / ".git" / "index", tmp_path / "elsewhere"
    elsewhere.mkdir()
    index.rename(elsewhere / "index")
    index.symlink_to(elsewhere / "index")
    set_in(top, {"a": None})
    assert index.is_symlink()
    assert "a" not in entries(top)
    assert [path.name for path in elsewhere.iterdir()] == ["index"]


def test_an_index_that_may_not_be_linked_is_copied(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def protected(source: Path, target: Path) -> None:
        """As the kernel's `protected_hardlinks` treats a file of somebody else."""
        if source.name == "index":
            raise PermissionError(1, "Operation not permitted")
        link(source, target)

    monkeypatch.setattr("os.link", protected)
    set_in(top, {"a": None})
    assert entries(top).keys() == {"deep/b"}
