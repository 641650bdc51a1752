"""`fsck` in a clone whose bytes are, or should be, in the shared store."""

import shutil
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.git_program import git
from support.local_store import stored_files
from support.team import clone_of, publisher, send_all, team

from regolo_git.api import Registry
from regolo_git.hints import Hint
from regolo_git.maintenance.fsck.fsck import FsckReport, check_registry

__all__ = ["publisher", "team"]


@pytest.fixture
def clone(publisher: Registry, tmp_path: Path) -> Path:
    publisher.register_model("m", noise("m", 3 << 20))
    send_all(publisher)
    return clone_of(publisher, tmp_path / "clone")


def checked(top: Path, *, full: bool = False) -> FsckReport:
    with Registry.open(top) as registry:
        return check_registry(registry.handle, full=full)


@pytest.mark.parametrize("full", [False, True])
def test_a_clone_without_bytes_is_fine(clone: Path, full: bool) -> None:
    assert checked(clone, full=full).problems == ()
    assert not list(clone.glob(".git/regolo/store/chunks/??/*"))


@pytest.mark.parametrize("full", [False, True])
def test_evicted_bytes_are_not_missing(publisher: Registry, clone: Path, full: bool) -> None:
    publisher.evict("m", "1.0")
    assert checked(publisher.handle.paths.top, full=full).problems == ()


def test_a_chunk_that_no_store_has_is_missing(publisher: Registry, clone: Path, team: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", clone / "m.bin")
        lost = next(iter(stored_files(registry.handle.store, "chunks").values()))
    lost.unlink()
    assert checked(clone).problems == ()
    for path in team.glob("[cp]*s/??/*"):
        path.unlink()
    (problem,) = checked(clone).problems
    assert lost.name in problem.what
    assert problem.hint == Hint("retire", "m@1.0", "-m", "its bytes are lost")


def test_a_recipe_that_no_store_has_is_missing(clone: Path, team: Path) -> None:
    git(clone, "remote", "set-url", "origin", "https://git.example.com/models.git")
    for path in team.glob("recipes/??/*"):
        path.unlink()
    (problem,) = checked(clone).problems
    assert f"is missing from the stores '{clone}/.git/regolo/store', '{team}'" in problem.what
    assert str(problem.hint) == "run `git regolo push` in the clone that has the bytes"


def test_a_store_that_does_not_answer_makes_nothing_lost(
    publisher: Registry, clone: Path, team: Path, tmp_path: Path
) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", clone / "m.bin")
        next(iter(stored_files(registry.handle.store, "chunks").values())).unlink()
    shutil.move(team, tmp_path / "away")
    (problem,) = checked(clone).problems
    assert str(team) in problem.what
    assert problem.hint != Hint("retire", "m@1.0", "-m", "its bytes are lost")


def test_local_chunks_are_read_even_if_others_are_elsewhere(clone: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", clone / "m.bin")
        gone, damaged, *_ = stored_files(registry.handle.store, "chunks").values()
    gone.unlink()
    damaged.chmod(0o644)
    damaged.write_bytes(bytes(damaged.stat().st_size))
    assert checked(clone).problems == ()
    (problem,) = checked(clone, full=True).problems
    assert damaged.name in problem.what
    assert problem.hint == Hint("checkout", "m@1.0")
