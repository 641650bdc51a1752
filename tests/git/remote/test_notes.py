"""Notes of two clones come together: every line of both, whoever pushes first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git
from support.git_repository import opened
from support.transport_suite import write_hook

from regolo_git.errors import TransportError
from regolo_git.git.note_text import read_note
from regolo_git.git.notes import append_note
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.notes import PATTERN, fetch_notes, push_notes
from regolo_git.git.repository import GitRepository

REF = "refs/notes/regolo-test"


@pytest.fixture
def served(tmp_path: Path, git_repository: Path) -> Path:
    commit_files(git_repository, {"file": "1"})
    commit_files(git_repository, {"file": "2"})
    return clone(git_repository, tmp_path / "served.git", "--bare")


@pytest.fixture
def clones(served: Path, tmp_path: Path) -> list[GitRepository]:
    return [opened(clone(served, tmp_path / f"clone{number}")) for number in range(4)]


def commits(served: Path) -> list[str]:
    return git(served, "rev-list", "main").split()


def show(top: Path, commit: str) -> list[str]:
    return git(top, "notes", "--ref", REF, "show", commit).splitlines()


def fetch(here: GitRepository) -> tuple[str, ...]:
    return fetch_notes(here, "origin", transport_of(here).refs("origin", [PATTERN]))


def test_notes_are_pushed_and_fetched(served: Path, clones: list[GitRepository]) -> None:
    first, second, *_ = clones
    newest, _ = commits(served)
    assert push_notes(first, "origin") == ()
    append_note(first, newest, REF, "one")
    assert push_notes(first, "origin") == (REF,)
    assert show(served, newest) == ["one"]
    assert push_notes(first, "origin") == ()
    assert fetch(second) == (REF,)
    assert fetch(second) == ()
    assert read_note(second, newest, REF) == "one\n"


def test_the_lines_of_both_are_kept_and_sorted(served: Path, clones: list[GitRepository]) -> None:
    first, second, *_ = clones
    newest, oldest = commits(served)
    for here, lines in ((first, ("b", "d", "both")), (second, ("c", "a", "both"))):
        for line in lines:
            append_note(here, newest, REF, line)
    append_note(second, oldest, REF, "alone")
    push_notes(first, "origin")
    push_notes(second, "origin")
    fetch(first)
    for top in (served, first.paths.top, second.paths.top):
        assert show(top, newest) == ["a", "b", "both", "c", "d"]
        assert show(top, oldest) == ["alone"]
    assert len({git(top, "rev-parse", REF) for top in (served, first.paths.top, second.paths.top)}) == 1
    assert git(served, "fsck", "--no-dangling") == ""


def test_notes_of_git_in_directories_are_merged_with_flat_ones(
    served: Path, clones: list[GitRepository], tmp_path: Path
) -> None:
    first, second, *_ = clones
    newest, oldest = commits(served)
    blob = git(first.paths.top, "hash-object", "-w", "--stdin", given="deep\n").strip()
    tree = git(first.paths.top, "mktree", given=f"100644 blob {blob}\t{newest[2:]}\n").strip()
    top = git(first.paths.top, "mktree", given=f"040000 tree {tree}\t{newest[:2]}\n").strip()
    commit = git(first.paths.top, "commit-tree", "-m", "notes", top).strip()
    git(first.paths.top, "update-ref", REF, commit)
    push_notes(first, "origin")
    append_note(second, newest, REF, "flat")
    append_note(second, oldest, REF, "other")
    push_notes(second, "origin")
    assert show(served, newest) == ["deep", "flat"]
    assert show(served, oldest) == ["other"]


def test_other_notes_are_neither_pushed_nor_fetched(served: Path, clones: list[GitRepository]) -> None:
    first = clones[0]
    newest, _ = commits(served)
    git(first.paths.top, "notes", "--ref", "review", "add", "-m", "private", newest)
    push_notes(first, "origin")
    assert git(served, "for-each-ref", "refs/notes") == ""


def test_clones_that_write_at_once_lose_no_line(served: Path, clones: list[GitRepository]) -> None:
    newest, _ = commits(served)

    def work(number: int) -> None:
        for step in range(3):
            append_note(clones[number], newest, REF, f"{number}.{step}")
            push_notes(clones[number], "origin")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    wanted = [f"{number}.{step}" for number in range(4) for step in range(3)]
    assert sorted(show(served, newest)) == sorted(wanted)


def test_a_refusal_has_the_words_of_the_server(served: Path, clones: list[GitRepository]) -> None:
    append_note(clones[0], commits(served)[0], REF, "line")
    write_hook(served / "hooks" / "update", "echo 'no notes here'; exit 1")
    with pytest.raises(TransportError, match=f"remote 'origin' refused ref '{REF}': .*no notes here"):
        push_notes(clones[0], "origin")
