"""fsck says which store lacks what: bytes that only the shared store has are not lost."""

from pathlib import Path

import numpy as np
import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model
from support.team import clone_of, send_all

from regolo_git.api import Registry


def files(store: Path, kind: str) -> list[Path]:
    return sorted(
        (path for path in (store / kind).rglob("*/*") if path.is_file()), key=lambda path: path.stat().st_size
    )


@pytest.fixture
def shared(publisher: Registry, team: Path) -> Path:
    """Two versions, which the shared store has."""
    top = publisher.handle.paths.top
    publisher.register_model("m", write_model(top / "m.safetensors", 1.0))
    publisher.create_model_version("m", model_data=write_model(top / "m.safetensors", 2.0))
    send_all(publisher)
    return team


@pytest.fixture
def colleague(publisher: Registry, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = clone_of(publisher, tmp_path / "colleague")
    monkeypatch.chdir(top)
    return top


def test_a_clone_without_bytes_is_sound_if_the_shared_store_has_them(regolo: Regolo, colleague: Path) -> None:
    for arguments in ([], ["--full"]):
        assert "no problems found" in regolo("fsck", *arguments).err
    assert not (colleague / ".git/regolo/store/recipes").exists()


def test_an_unconfirmed_store_is_named(regolo: Regolo, colleague: Path, shared: Path) -> None:
    git(colleague, "config", "--unset", "regolo.confirmed")
    problem = regolo("fsck", "--json", status=5).document["problems"][0]
    assert f"names the shared store '{shared}', which this clone has not confirmed" in problem["what"]
    assert problem["hint"] == f"git regolo config store.url {shared}"


def test_chunks_that_were_evicted_here_are_not_missing(
    regolo: Regolo, publisher: Registry, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(publisher.handle.paths.top)
    for path in files(Path(publisher.handle.store_url), "chunks"):
        path.unlink()
    assert "no problems found" in regolo("fsck", "--full").err


def test_a_damaged_local_chunk_is_named_once_and_fetched_when_needed(
    regolo: Regolo, publisher: Registry, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(publisher.handle.paths.top)
    chunk = files(Path(publisher.handle.store_url), "chunks")[0]
    chunk.chmod(0o644)
    chunk.write_bytes(bytes(chunk.stat().st_size))
    problems = regolo("fsck", "--full", "--json", status=5).document["problems"]
    assert all("is damaged" in each["what"] for each in problems)
    assert all("git regolo checkout" in each["hint"] for each in problems)
    assert "no problems found" in regolo("fsck", "--full").err
    for version in ("1.0", "1.1"):
        regolo("checkout", f"m@{version}", str(tmp_path / version))
    assert "no problems found" in regolo("fsck", "--full").err


def test_the_shared_store_is_checked_on_its_own(regolo: Regolo, colleague: Path, shared: Path) -> None:
    for arguments in ([], ["--full"], ["--full", "--jobs", "2"]):
        done = regolo("fsck", "--shared", *arguments)
        assert "no problems found" in done.err
    document = regolo("fsck", "--shared", "--json").document
    assert document["store"] == str(shared)


def test_damage_in_the_shared_store_is_named_and_left_alone(
    regolo: Regolo, colleague: Path, shared: Path
) -> None:
    (stored, *_) = [*files(shared, "chunks"), *files(shared, "packs")]
    stored.chmod(0o644)
    stored.write_bytes(bytes(stored.stat().st_size))
    before = sorted(path for path in shared.rglob("*"))
    problems = regolo("fsck", "--shared", "--full", "--json", status=5).document["problems"]
    assert problems
    assert all(str(shared) in problem["what"] for problem in problems)
    assert sorted(path for path in shared.rglob("*")) == before


def test_an_error_about_the_shared_store_names_the_check_that_finds_it(
    regolo: Regolo, colleague: Path, shared: Path, tmp_path: Path
) -> None:
    for stored in (*files(shared, "chunks"), *files(shared, "packs")):
        stored.chmod(0o644)
        stored.write_bytes(bytes(stored.stat().st_size))
    assert "hint: git regolo fsck --shared --full" in regolo("checkout", "m@1.1", status=5).err
    shared.rename(tmp_path / "away")
    done = regolo("fsck", "--shared", status=6)
    assert "hint: mount it, or say where it is now: git regolo config store.url URL" in done.err


def test_bytes_that_the_shared_store_lacks_are_pushed_by_a_clone_that_has_them(
    regolo: Regolo, publisher: Registry, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(publisher.handle.paths.top)
    files(shared, "recipes")[0].unlink()
    (problem,) = regolo("fsck", "--shared", "--json", status=5).document["problems"]
    assert f"is missing from the store '{shared}'" in problem["what"]
    assert problem["hint"] == "git regolo push"


@pytest.mark.parametrize("kind", ["chunks", "packs", "recipes"])
@pytest.mark.parametrize("fate", ["damaged", "gone"])
def test_bytes_lost_in_the_shared_store_are_sent_again_by_the_next_push(
    regolo: Regolo, publisher: Registry, shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    kind: str, fate: str,
) -> None:  # fmt: skip
    top = publisher.handle.paths.top
    monkeypatch.chdir(top)
    git(tmp_path, "init", "-q", "--bare", "host.git")
    git(top, "remote", "add", "origin", str(tmp_path / "host.git"))
    big = np.random.default_rng(1).bytes(3 << 20)  # its chunks are in files of their own
    (top / "big.bin").write_bytes(big)
    regolo("register", "big", "big.bin")
    regolo("push")
    for stored in files(shared, kind):
        stored.chmod(0o644)
        stored.unlink() if fate == "gone" else stored.write_bytes(bytes(stored.stat().st_size))
    problems = regolo("fsck", "--shared", "--full", "--json", status=5).document["problems"]
    assert {problem["hint"] for problem in problems} == {"git regolo push"}
    assert "sent " in regolo("push").err
    assert "no problems found" in regolo("fsck", "--shared", "--full").err
    assert "sent " not in regolo("push").err


def test_a_push_names_what_the_shared_store_lost_and_this_clone_lacks(
    regolo: Regolo, colleague: Path, shared: Path
) -> None:
    """It stays noted until a push of this clone can send it, or a check finds it again."""
    for stored in (*files(shared, "chunks"), *files(shared, "packs")):
        stored.unlink()
    regolo("fsck", "--shared", status=5)
    for _ in range(2):
        told = regolo("push").err
        assert "has lost bytes of 'm@1.0', which this clone does not have: run 'git regolo push' in" in told
        assert "has lost bytes of 'm@1.1'" in told


def test_without_a_shared_store_there_is_none_to_check(regolo: Regolo, two_versions: Path) -> None:
    assert "names no shared store" in regolo("fsck", "--shared", status=3).err
