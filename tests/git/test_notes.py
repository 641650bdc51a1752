"""Notes gain a line at a time, beside whatever git wrote, and leave nothing else behind."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.errors import LostRace, RegoloError
from regolo_git.git.note_text import read_note
from regolo_git.git.notes import append_note

REF = "refs/notes/regolo-test"


@pytest.fixture
def commit(git_repository: Path) -> str:
    return commit_files(git_repository, {"file": "1"})


def told(top: Path, commit: str) -> str:
    return git(top, "notes", "--ref", REF, "show", commit)


def test_a_note_begins_with_its_first_line_and_grows(git_repository: Path, commit: str) -> None:
    repository = opened(git_repository)
    assert read_note(repository, commit, REF) is None
    for number in range(3):
        append_note(repository, commit, REF, f"line {number}")
    assert told(git_repository, commit) == "line 0\nline 1\nline 2\n"
    assert read_note(repository, commit, REF) == "line 0\nline 1\nline 2\n"
    assert git(git_repository, "rev-list", "--count", REF) == "3\n"


def test_a_line_of_git_without_an_end_is_kept(git_repository: Path, commit: str) -> None:
    blob = git(git_repository, "hash-object", "-w", "--stdin", given="by hand").strip()
    git(git_repository, "notes", "--ref", REF, "add", "-C", blob, commit)
    append_note(opened(git_repository), commit, REF, "ours")
    assert told(git_repository, commit) == "by hand\nours\n"


def test_notes_of_other_commits_stay(git_repository: Path, commit: str) -> None:
    other = commit_files(git_repository, {"file": "2"})
    append_note(opened(git_repository), commit, REF, "one")
    append_note(opened(git_repository), other, REF, "two")
    assert (told(git_repository, commit), told(git_repository, other)) == ("one\n", "two\n")


def test_nothing_but_the_notes_has_a_new_name(git_repository: Path, commit: str) -> None:
    before = git(git_repository, "for-each-ref")
    append_note(opened(git_repository), commit, REF, "line")
    after = git(git_repository, "for-each-ref")
    assert [line.split()[2] for line in after.splitlines() if line not in before] == [REF]
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_draft_left_by_a_killed_run_does_no_harm(git_repository: Path, commit: str) -> None:
    append_note(opened(git_repository), commit, "refs/notes/other", "left behind")
    git(git_repository, "update-ref", "refs/regolo/notes-draft", "refs/notes/other")
    append_note(opened(git_repository), commit, REF, "line")
    assert told(git_repository, commit) == "line\n"
    assert git(git_repository, "for-each-ref", "refs/regolo") == ""


def test_a_note_has_its_writer_as_author(
    git_repository: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1700000000 +0530")
    append_note(opened(git_repository), commit, REF, "line")
    shown = git(git_repository, "log", "-1", "--format=%an|%cn|%cI", REF)
    assert shown == "Grace|Ada Byron|2023-11-15T03:43:20+05:30\n"


def test_a_lock_that_stays_is_a_lost_race(
    git_repository: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regolo_git.git.publish.ATTEMPTS", 2)
    lock = git_repository / ".git" / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(LostRace):
        append_note(opened(git_repository), commit, REF, "line")
    assert lock.exists()
    assert git(git_repository, "for-each-ref", "refs/notes", "refs/regolo") == ""


def test_a_note_on_what_is_not_there_is_refused(git_repository: Path, commit: str) -> None:
    assert read_note(opened(git_repository), "f" * 40, REF) is None
    with pytest.raises(RegoloError):
        append_note(opened(git_repository), "no id", REF, "line")
