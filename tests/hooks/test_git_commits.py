"""Hooks that real git commands run: commits of every kind, merges and rebases."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import GIT, commit_files, git
from support.hooked import BIG, tried

pytestmark = pytest.mark.slow
HOSTILE = 'it\'s "odd"; $(touch ran)\n-x.dat'


@pytest.fixture
def hooked(two_versions: Path, regolo: Regolo) -> Path:
    """A registry with two versions of `m`, whose hooks are installed."""
    regolo("hooks", "install")
    return two_versions


def test_a_commit_is_checked_as_it_will_be(hooked: Path) -> None:
    (hooked / "plain.txt").write_text("1")
    (hooked / HOSTILE).write_bytes(BIG)
    git(hooked, "add", "--all")
    status, said = tried(hooked, "commit", "-q", "-m", "big")
    assert status != 0
    assert "it's \"odd\"; $(touch ran)\\n-x.dat' has 6.0 MB" in said
    # A partial commit has another index, without the large file.
    assert tried(hooked, "commit", "-q", "-m", "part", "-o", "plain.txt")[0] == 0
    assert tried(hooked, "commit", "-q", "-m", "part", "-o", "--", HOSTILE)[0] != 0
    assert not (hooked / "ran").exists()
    git(hooked, "rm", "-q", "--cached", HOSTILE)
    assert tried(hooked, "commit", "-q", "--allow-empty", "-m", "empty") == (0, "")
    git(hooked, "rm", "-q", "plain.txt")
    assert tried(hooked, "commit", "-q", "-m", "deleted") == (0, "")


def test_an_edited_manifest_is_not_committed_from_a_linked_work_tree(hooked: Path, tmp_path: Path) -> None:
    other = tmp_path / "linked tree"
    git(hooked, "worktree", "add", "-q", "-b", "topic/x'y", str(other))
    manifest = other / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace("0.92", "0.99"))
    status, said = tried(other, "commit", "-q", "-a", "-m", "better")
    assert status != 0
    assert "its seal is of other content" in said
    assert tried(other, "commit", "-q", "--no-verify", "-a", "-m", "better")[0] == 0


def test_a_merge_is_checked_but_not_for_what_is_committed_already(hooked: Path) -> None:
    git(hooked, "switch", "-q", "-c", "large")
    (hooked / "big.dat").write_bytes(BIG)
    git(hooked, "add", "big.dat")
    git(hooked, "commit", "-q", "--no-verify", "-m", "large")
    git(hooked, "switch", "-q", "main")
    commit_files(hooked, {"other.txt": "1"})
    assert tried(hooked, "merge", "-q", "--no-ff", "-m", "merged", "large")[0] == 0


def test_a_merge_of_a_mixed_manifest_stops_before_the_commit(hooked: Path) -> None:
    manifest = hooked / "models/m/manifest.toml"
    git(hooked, "switch", "-q", "-c", "mixed")
    manifest.write_text(manifest.read_text().replace("0.92", "0.99"))
    git(hooked, "commit", "-q", "--no-verify", "-a", "-m", "mixed")
    git(hooked, "switch", "-q", "main")
    commit_files(hooked, {"other.txt": "1"})
    status, said = tried(hooked, "merge", "-q", "--no-ff", "-m", "merged", "mixed")
    assert status != 0
    assert "its seal is of other content" in said
    assert git(hooked, "log", "-1", "--format=%s").strip() == "change"


def test_a_conflict_that_was_resolved_is_checked_as_a_commit(hooked: Path) -> None:
    git(hooked, "switch", "-q", "-c", "one")
    commit_files(hooked, {"file.txt": "one"})
    git(hooked, "switch", "-q", "main")
    commit_files(hooked, {"file.txt": "two"})
    assert tried(hooked, "merge", "-q", "one")[0] != 0
    (hooked / "file.txt").write_text("both")
    git(hooked, "add", "file.txt")
    assert tried(hooked, "commit", "-q", "-m", "merged")[0] == 0
    git(hooked, "switch", "-q", "-c", "three", "HEAD~1")
    commit_files(hooked, {"third.txt": "3"})
    assert tried(hooked, "rebase", "-q", "main")[0] == 0


def test_the_first_commit_of_a_repository_that_is_not_a_registry(
    tmp_path: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "new"
    git(tmp_path, "init", "-q", "-b", "main", str(top))
    monkeypatch.chdir(top)
    regolo("hooks", "install")
    (top / "a.txt").write_text("1")
    git(top, "add", "a.txt")
    assert tried(top, "commit", "-q", "-m", "first") == (0, "")


def without_program(top: Path, bin_directory: Path) -> str:
    """A PATH with git and a shell, and without this program, which the hooks do not find elsewhere either."""
    bin_directory.mkdir()
    for name in ("git", "sh", "dirname", "cat"):
        found = GIT if name == "git" else shutil.which(name)
        assert found is not None
        (bin_directory / name).symlink_to(found)
    for hook in (top / ".git/hooks").iterdir():
        hook.write_text(hook.read_text().replace("\nprogram=", "\nprogram=/nowhere/git-regolo #"))
    return str(bin_directory)


def test_without_the_program_only_a_strict_hook_stops_a_commit(hooked: Path, tmp_path: Path) -> None:
    path = without_program(hooked, tmp_path / "bin")
    (hooked / "a.txt").write_text("1")
    git(hooked, "add", "a.txt")
    status, said = tried(hooked, "commit", "-q", "-m", "one", PATH=path)
    assert status == 0
    assert "not checked (pre-commit): the program git-regolo is not on PATH" in said
    git(hooked, "config", "regolo.preCommit", "strict")
    (hooked / "a.txt").write_text("2")
    assert tried(hooked, "commit", "-q", "-a", "-m", "two", PATH=path)[0] != 0


def test_an_interpreter_that_is_gone_is_a_missing_program(hooked: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "git-regolo").write_text("#!/nowhere/python\n")
    (broken / "git-regolo").chmod(0o755)
    (hooked / "a.txt").write_text("1")
    git(hooked, "add", "a.txt")
    status, said = tried(
        hooked, "commit", "-q", "-m", "one", PATH=f"{broken}{os.pathsep}{os.environ['PATH']}"
    )
    assert status == 0, said
    assert "not checked (pre-commit)" in said


def test_the_scripts_of_the_package_run_the_hooks(two_versions: Path) -> None:
    scripts = Path(__file__).parents[2] / "hooks"
    git(two_versions, "config", "core.hooksPath", str(scripts))
    (two_versions / "weights.pt").write_bytes(b"weights")
    git(two_versions, "add", "-f", "weights.pt")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    status, said = tried(two_versions, "commit", "-q", "-m", "one", PATH=path)
    assert status != 0
    assert "'weights.pt' is a file of a model" in said
