"""The git program is run on the repository that was named, and its failures are ours."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git, new_repository

from regolo_git.errors import Conflict, MissingDependency, TransportError
from regolo_git.git.program import ask_git, run_git


@pytest.fixture
def top(git_repository: Path) -> Path:
    commit_files(git_repository, {"file": "1"})
    return git_repository


def test_its_output_is_returned(top: Path) -> None:
    assert run_git(top / ".git", top, "ls-files", "-z") == b"file\0"
    oid = run_git(top / ".git", None, "hash-object", "--stdin", given=b"1")
    assert oid == git(top, "rev-parse", "HEAD:file").encode()


def test_the_first_line_of_what_it_says_is_the_message(top: Path) -> None:
    with pytest.raises(Conflict, match=r"^git ls-files: .*'nothing'") as caught:
        run_git(top / ".git", top, "ls-files", "--error-unmatch", "nothing")
    assert "\n" not in caught.value.message


def test_where_it_works_is_not_taken_from_the_environment(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repository(tmp_path / "other")
    for variable in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(variable, str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_PREFIX", "sub/")
    monkeypatch.setenv("GIT_NAMESPACE", "other")
    assert run_git(top / ".git", top, "ls-files", "-z") == b"file\0"
    assert run_git(top / ".git", top, "for-each-ref", "--format=%(refname)") == b"refs/heads/main\n"
    assert run_git(top / ".git", top, "rev-parse", "--show-toplevel") == f"{top}\n".encode()


def test_another_index_is_used_where_one_is_named(top: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    run_git(top / ".git", top, "read-tree", "--empty", index=index)
    assert run_git(top / ".git", top, "ls-files", "-z", index=index) == b""
    assert run_git(top / ".git", top, "ls-files", "-z") == b"file\0"


def test_without_the_program_the_hint_is_to_install_it(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency):
        run_git(top / ".git", top, "status")


def saying(words: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a git on PATH that fails with these words."""
    program = directory / "git"
    program.write_text(f"#!/bin/sh\necho '{words}' >&2; exit 128\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


def test_a_full_disk_is_distinguished_from_other_failures(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying("fatal: write error: No space left on device", tmp_path, monkeypatch)
    with pytest.raises(TransportError, match="update-index"):
        run_git(top / ".git", top, "update-index")


def test_its_message_has_no_full_stop(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saying(" fatal: it is so.", tmp_path, monkeypatch)
    with pytest.raises(Conflict) as caught:
        run_git(top / ".git", top, "status", "--short")
    assert caught.value.message == "git status: fatal: it is so"


def test_a_question_is_answered_by_the_status(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask_git(top / ".git", top, "diff", "--quiet", "HEAD") is True
    (top / "file").write_text("2")
    assert ask_git(top / ".git", top, "diff", "--quiet", "HEAD") is False
    with pytest.raises(Conflict, match="nothing"):
        ask_git(top / ".git", top, "diff", "--quiet", "nothing")
