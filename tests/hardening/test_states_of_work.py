"""States that a work tree can be in besides a merge: what is refused, why, and that the way out is one."""

import os
import shlex
import shutil
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.refusals import refuse
from support.users_work import UsersWork

from regolo_git.api import Registry

VERBS = [["revert", "m", "--to", "1.0"], ["commit", "m", "new.bin"], ["config", "store.digest", "blake3"]]


@pytest.fixture
def conflicting(top: Path) -> Path:
    """Two branches that changed one line of `code.py` each in their own way; and something to commit."""
    (top / "new.bin").write_bytes(b"new" * 1000)
    git(top, "branch", "topic")
    (top / "code.py").write_text("ours\n")
    git(top, "commit", "-qam", "ours")
    git(top, "switch", "-q", "topic")
    (top / "code.py").write_text("theirs\n")
    git(top, "commit", "-qam", "theirs")
    git(top, "switch", "-q", "main")
    return top


def test_patches_that_do_not_apply(conflicting: Path, regolo: Regolo, tmp_path: Path) -> None:
    patch = tmp_path / "patch"
    patch.write_text(git(conflicting, "format-patch", "--stdout", "main..topic"))
    git(conflicting, "am", str(patch), check=False)
    for line in VERBS:
        said = refuse(regolo, conflicting, 4, "a series of patches is in progress", line)
        assert said.hint == "git am --continue"
    git(conflicting, "am", "--abort")
    regolo(*VERBS[0])


@pytest.mark.parametrize("kind", ["--merge", "--apply"])
def test_a_rebase_of_the_registry_branch(conflicting: Path, regolo: Regolo, kind: str) -> None:
    git(conflicting, "rebase", kind, "topic", check=False)
    said = refuse(regolo, conflicting, 4, "a rebase is in progress", ["config", "store.digest", "blake3"])
    assert said.hint == "git rebase --continue"
    git(conflicting, "rebase", "--abort")
    regolo(*VERBS[0])


def test_a_conflict_in_somebodys_file_without_a_merge(conflicting: Path, regolo: Regolo) -> None:
    (conflicting / "code.py").write_text("mine\n")
    git(conflicting, "stash")
    (conflicting / "code.py").write_text("other\n")
    git(conflicting, "commit", "-qam", "other")
    git(conflicting, "stash", "pop", check=False)
    before = UsersWork.of(conflicting)
    assert any(line.startswith("u ") for line in before.status)
    for line in VERBS:
        regolo(*line)
        assert UsersWork.of(conflicting) == before


def test_a_conflict_in_a_manifest_without_a_merge(top: Path, regolo: Regolo) -> None:
    (top / "new.bin").write_bytes(b"new" * 1000)
    manifest = top / "models/m/manifest.toml"
    whole = manifest.read_text()
    manifest.write_text(f"{whole}# mine\n")
    git(top, "stash")
    manifest.write_text(f"{whole}# other\n")
    git(top, "commit", "-qam", "other")
    git(top, "stash", "pop", check=False)
    for line in VERBS[:2]:
        refuse(regolo, top, 4, "'models/m/manifest.toml' in .* has uncommitted changes", line)


@pytest.mark.parametrize("index", ["--no-sparse-index", "--sparse-index"])
def test_a_manifest_outside_a_sparse_checkout(top: Path, regolo: Regolo, index: str) -> None:
    (top / "new.bin").write_bytes(b"new" * 1000)
    (top / "own").mkdir()
    (top / "own" / "code").write_text("own\n")
    git(top, "add", "own")
    git(top, "commit", "-qm", "own")
    git(top, "sparse-checkout", "set", "--cone", index, "own")
    assert not (top / "models").exists()
    for line in (VERBS[0], VERBS[2]):
        said = refuse(regolo, top, 4, "outside the sparse checkout", line)
        assert said.hint is not None
        git(top, *shlex.split(said.hint)[1:])
        regolo(*line)
    assert git(top, "status", "--porcelain") == "?? new.bin\n"


def test_a_pipe_in_the_place_of_a_manifest_is_not_waited_for(top: Path, regolo: Regolo) -> None:
    (top / "models/m/manifest.toml").unlink()
    os.mkfifo(top / "models/m/manifest.toml")
    refuse(regolo, top, 4, "has uncommitted changes", VERBS[0])


def test_a_directory_of_records_that_is_gone_stays_gone(top: Path, regolo: Regolo) -> None:
    regolo("endpoint", "create", "e", "m@1.1")
    shutil.rmtree(top / "endpoints")
    regolo("endpoint", "delete", "e", "--yes")
    assert git(top, "status", "--porcelain") == ""


def test_a_store_that_cannot_be_made_leaves_no_registry_behind(
    git_repository: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(git_repository)
    (git_repository / "file").write_text("a file, not a directory\n")
    git(git_repository, "config", "regolo.store", "file/store")
    refuse(regolo, git_repository, 6, "the store .* failed", ["init"])


@pytest.mark.parametrize("place", ["hooks/pre-push", "hooks", "objects", "."])
def test_a_destination_inside_a_bare_repository(
    top: Path, regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    bare = tmp_path / "bare.git"
    git(top, "clone", "-q", "--bare", ".", str(bare))
    git(bare, "config", "regolo.store", str(top / ".git/regolo/store"))
    monkeypatch.chdir(bare)
    before = {path: path.stat().st_mtime_ns for path in bare.rglob("*") if "regolo" not in path.parts}
    for reference in ("m@1.0", "d@1.0"):
        said = regolo("checkout", reference, place, "--force", status=2)
        assert "is inside the repository's own directory" in said.err
    assert before == {path: path.stat().st_mtime_ns for path in before}
    regolo("checkout", "d@1.0", str(tmp_path / "words"))


def test_a_manifest_that_points_into_a_git_directory_of_another_name(
    tmp_path: Path, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    git(tmp_path, "init", "-q", "-b", "main", "--separate-git-dir", str(work / "data"), str(work))
    git(work, "config", "user.name", "Ada")
    git(work, "config", "user.email", "ada@example.com")
    monkeypatch.chdir(work)
    (work / "hook").write_text("#!/bin/sh\n")
    with Registry.init(work) as registry:
        registry.register_model("m", model_data=work / "hook")
    manifest = work / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace('path = "hook"', 'path = "data/hooks/pre-push"'))
    git(work, "commit", "-qam", "evil")
    assert "repository's own directory" in regolo("checkout", "--force", status=2).err
    assert not (work / "data/hooks/pre-push").exists()
