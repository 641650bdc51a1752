"""`git regolo evict`."""

import json
import os
import time
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.local_store import stored_files
from support.model_files import write_model
from support.team import send_all

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput
from regolo_git.registry.handle import Handle

SIZE = 341  # of a model


@pytest.fixture
def shared(regolo: Regolo, git_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with a shared store, and two versions of `m` of which the first was sent."""
    monkeypatch.chdir(git_repository)
    regolo("init", "--store", str(tmp_path / "team"))
    write_model(git_repository / "m.safetensors", 1.0)
    regolo("register", "m", "m.safetensors")
    with Registry.open(git_repository) as registry:
        send_all(registry)
    write_model(git_repository / "m.safetensors", 2.0)
    regolo("commit", "m", "m.safetensors")
    return git_repository


def chunks(top: Path) -> int:
    handle = Handle.open(top, {})
    found = len(stored_files(handle.store, "chunks"))
    handle.close()
    return found


def test_a_version_goes_and_the_next_checkout_fetches_it(regolo: Regolo, shared: Path) -> None:
    assert chunks(shared) == 2
    done = regolo("evict", "m@1.0", "--yes")
    assert done.lines == ["m@1.0"]
    assert chunks(shared) == 1
    regolo("checkout", "m@1.0", "old.safetensors")
    assert chunks(shared) == 2
    write_model(shared / "expected.safetensors", 1.0)
    assert (shared / "old.safetensors").read_bytes() == (shared / "expected.safetensors").read_bytes()
    regolo("evict", "m@1.0", "--yes")
    assert regolo("evict", "m@1.0", "--yes").lines == []
    regolo("commit", "m", "old.safetensors", "--yes")  # it was cached as known, and is read again
    assert chunks(shared) == 2


def test_a_store_that_is_no_longer_named_is_told_and_can_be_read_again(
    regolo: Regolo, shared: Path, tmp_path: Path
) -> None:
    regolo("evict", "m@1.0", "--yes")
    again = f"git regolo remote add former {tmp_path}/team"
    said = regolo("config", "store.url", str(tmp_path / "new")).err
    assert f"no longer reads the store '{tmp_path}/team'" in said
    assert again in said
    assert "git regolo fsck" in regolo("checkout", "m@1.0", "old.safetensors", status=3).err
    assert again in regolo("fsck", status=5).out
    assert again in regolo("doctor", status=0).out
    regolo("remote", "add", "former", str(tmp_path / "team"))
    regolo("checkout", "m@1.0", "old.safetensors")
    assert again not in regolo("doctor").out
    assert "no longer reads" not in regolo("config", "store.url", f"file://{tmp_path}/new").err


def test_unpushed_versions_stay(regolo: Regolo, shared: Path) -> None:
    done = regolo("evict", "m@1.0", "m@1.1", "--yes")
    assert "m@1.1  kept: it is not in the shared store" in done.err
    assert done.lines == ["m@1.0"]
    assert chunks(shared) == 1


def test_nothing_goes_without_consent(regolo: Regolo, shared: Path) -> None:
    assert "--yes" in regolo("evict", "m@1.0", status=4).err
    dry = regolo("evict", "m@1.0", "--dry-run", "--json")
    document = json.loads(dry.out)
    assert (document["evicted"], document["freed"], document["size"]) == (False, 0, SIZE)
    assert chunks(shared) == 2


def test_unused_versions_are_those_not_read_from(regolo: Regolo, shared: Path) -> None:
    assert regolo("evict", "--unused", "30", "--yes").lines == []
    long_ago = time.time() - 40 * 86400
    handle = Handle.open(shared, {})
    for path in stored_files(handle.store, "recipes").values():
        os.utime(path, (long_ago, long_ago))
    regolo("checkout", "m@1.0", "old.safetensors")
    assert regolo("evict", "--unused", "30", "--yes").lines == []
    handle.cache._write("UPDATE used SET seconds = ?", [(int(long_ago),)])
    handle.close()
    assert regolo("evict", "--unused", "50", "--yes").lines == []
    assert regolo("evict", "--unused", "30", "--yes").lines == ["m@1.0"]


@pytest.mark.parametrize("arguments", [[], ["m@1.0", "--unused", "3"]], ids=["neither", "both"])
def test_versions_or_an_age_are_required(regolo: Regolo, shared: Path, arguments: list[str]) -> None:
    assert "name versions, or give --unused DAYS" in regolo("evict", *arguments, status=2).err
    assert chunks(shared) == 2


def test_a_registry_without_a_shared_store_has_nothing_to_evict(regolo: Regolo, two_versions: Path) -> None:
    before = chunks(two_versions)
    assert "has no shared store" in regolo("evict", "m@1.0", "--yes", status=3).err
    assert chunks(two_versions) == before


def test_a_store_that_is_its_own_shared_one_is_refused(regolo: Regolo, shared: Path, tmp_path: Path) -> None:
    regolo("config", "--local", "regolo.store", str(tmp_path / "team"))
    assert "no other copy" in regolo("evict", "m@1.0", "--yes", status=2).err


def test_python_evicts_too(shared: Path) -> None:
    with Registry.open(shared) as registry:
        assert registry.evict("m", "1.0", dry_run=True).size == SIZE
        assert chunks(shared) == 2
        plan = registry.evict(unused_days=0)
        assert [(version.reference, version.size) for version in plan.versions] == [
            ("m@1.0", SIZE),
            ("m@1.1", 0),
        ]
        assert chunks(shared) == 1
        with pytest.raises(InvalidInput, match="give either"):
            registry.evict()
