"""After a write by this program, git's plumbing calls the tree clean without looking again."""

import subprocess
from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened, publish_version, version_commit

from regolo_git.git.index_file import set_entries
from regolo_git.git.publish import publish


def blob(top: Path, content: str) -> str:
    return git(top, "hash-object", "-w", "--stdin", given=content).strip()


def must_be_clean(top: Path) -> None:
    for command in ("diff-index --quiet HEAD --", "diff-files --quiet"):
        assert subprocess.run(["git", *command.split()], cwd=top, check=False).returncode == 0, command


KINDS = {
    "plain": (),
    "split": ("update-index --split-index",),
    "split later": ("config core.splitIndex true",),
    "version 4": ("update-index --index-version 4",),
    "sparse": ("sparse-checkout init --cone --sparse-index", "sparse-checkout set src models"),
    "untracked cache": ("config core.untrackedCache true", "update-index --untracked-cache"),
    "many files": ("config feature.manyFiles true", "update-index --index-version 4"),
    "without checksum": ("config index.skipHash true",),
}


@pytest.mark.parametrize("commands", KINDS.values(), ids=KINDS.keys())
def test_plumbing_sees_a_clean_tree_after_each_version(
    git_repository: Path, commands: tuple[str, ...]
) -> None:
    commit_files(git_repository, {"src/code.py": "1", "other/file": "2", "a": "3"})
    for command in commands:
        git(git_repository, *command.split())
    for number in range(3):
        publish_version(git_repository, "m", f"1.{number}")
        must_be_clean(git_repository)
        publish_version(git_repository, "deep/er", f"1.{number}")
        must_be_clean(git_repository)
    git(git_repository, "fsck", "--strict")
    assert git(git_repository, "status", "--porcelain") == ""


def test_equal_contents_at_several_paths_are_each_filled_in(git_repository: Path) -> None:
    commit_files(git_repository, {"a": "1"})
    oid = blob(git_repository, "same")
    paths = ["x", "xx", "dir/x", "dir/xx", "é/x", "long" * 1100]
    short = [path for path in paths if len(path) < 200]
    for path in short:
        (git_repository / path).parent.mkdir(exist_ok=True)
        (git_repository / path).write_text("same")
    set_entries(git_repository / ".git", git_repository, dict.fromkeys(short, oid))
    assert subprocess.run(["git", "diff-files", "--quiet"], cwd=git_repository, check=False).returncode == 0


def test_a_file_with_other_content_stays_changed(git_repository: Path) -> None:
    commit_files(git_repository, {"a": "1", "b": "2"})
    (git_repository / "a").write_text("x")
    (git_repository / "b").unlink()
    oid = blob(git_repository, "y")
    set_entries(git_repository / ".git", git_repository, {"a": oid, "b": oid})
    assert git(git_repository, "diff-files", "--name-status") == "M\ta\nD\tb\n"


def test_an_executable_or_linked_file_stays_changed(git_repository: Path) -> None:
    commit_files(git_repository, {"a": "1"})
    (git_repository / "x").write_text("y")
    (git_repository / "x").chmod(0o755)
    (git_repository / "l").symlink_to("x")
    set_entries(git_repository / ".git", git_repository, dict.fromkeys("xl", blob(git_repository, "y")))
    assert git(git_repository, "diff-files", "--name-only") == "l\nx\n"


def test_narrowing_a_sparse_checkout_says_nothing(git_repository: Path) -> None:
    commit_files(git_repository, {"src/code.py": "1"})
    publish_version(git_repository, "m", "1.0")
    publish_version(git_repository, "n", "1.0")
    done = subprocess.run(
        ["git", "sparse-checkout", "set", "src"],
        cwd=git_repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert not (git_repository / "models").exists()


def test_a_new_model_outside_a_sparse_checkout_leaves_nothing_to_warn_of(git_repository: Path) -> None:
    commit_files(git_repository, {"src/code.py": "1"})
    git(git_repository, "sparse-checkout", "set", "src")
    publish_version(git_repository, "m", "1.0")
    must_be_clean(git_repository)
    done = subprocess.run(
        ["git", "sparse-checkout", "reapply"], cwd=git_repository, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    must_be_clean(git_repository)


def test_the_entries_of_others_keep_their_stat(git_repository: Path) -> None:
    commit_files(git_repository, {"a": "1"})
    git(git_repository, "update-index", "--assume-unchanged", "a")
    before = git(git_repository, "ls-files", "--debug", "-v", "a")
    publish(opened(git_repository), "main", lambda _: version_commit("m", "1.0"))
    assert git(git_repository, "ls-files", "--debug", "-v", "a") == before
