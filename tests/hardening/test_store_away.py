"""A store that is away, as a disk that is not mounted: nothing takes its place, and nothing is published."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git
from support.model_files import write_model
from support.refusals import refusal

from regolo_git.api import Registry
from regolo_git.errors import StoreAbsent
from regolo_git.registry.handle import Handle

AWAY = "is not there: is the disk mounted?"
VERBS = [
    ["show", "m@1.0"],
    ["diff", "m@1.0", "1.1"],
    ["fsck"],
    ["fsck", "m", "--full"],
    ["checkout", "m@1.0", "--force"],
    ["checkout"],
    ["promote", "m@1.0", "staging"],
    ["retire", "m@1.0", "-m", "old", "--dry-run"],
    ["revert", "m", "--to", "1.0"],
    ["endpoint", "create", "e", "m@1.0"],
    ["commit", "m", "other.safetensors"],
    ["commit", "m", "--from", "1.0", "--version", "prod-1.0"],
    ["register", "n", "other.safetensors"],
]


def unmounted(store: Path) -> None:
    """The mount point goes with its disk."""
    store.rename(store.with_name("disk"))


def empty_mount_point(store: Path) -> None:
    unmounted(store)
    store.mkdir()


def replaced_by_a_file(store: Path) -> None:
    unmounted(store)
    store.write_text("see the notes of the move\n")


def dangling_link(store: Path) -> None:
    unmounted(store)
    store.symlink_to("nowhere")


def default_store(top: Path) -> Path:
    return top / ".git/regolo/store"


def configured_store(top: Path) -> Path:
    store = top.parent / "mnt" / "store"
    store.parent.mkdir()
    default_store(top).rename(store)
    git(top, "config", "regolo.store", str(store))
    return store


def formerly_configured_store(top: Path) -> Path:
    """Named by its old setting, and never written to by this release."""
    store = configured_store(top)
    git(top, "config", "--unset-all", "regolo.store")
    git(top, "config", "--unset-all", "regolo.usedStore")
    git(top, "config", "regolo.localStore", "../mnt/store")
    return store


KINDS = [default_store, configured_store, formerly_configured_store]
WAYS = [unmounted, empty_mount_point, replaced_by_a_file, dangling_link]


def seen(top: Path) -> tuple[str, str, list[str]]:
    left = sorted(str(path.relative_to(top.parent)) for path in top.parent.rglob("*/store*"))
    return git(top, "for-each-ref"), git(top, "status", "--porcelain"), left


@pytest.mark.parametrize("away", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_verb_that_needs_the_store_reports_that_it_is_missing(
    top: Path, regolo: Regolo, kind: Callable[[Path], Path], away: Callable[[Path], None]
) -> None:
    write_model(top / "other.safetensors", 7)
    store = kind(top)
    away(store)
    before = seen(top)
    for line in VERBS:
        said = refusal(regolo(*line, status=6).err)
        assert AWAY in said.message, line
        assert said.hint, line
    for arguments in ((), ("--dry-run",)):
        assert AWAY in regolo("doctor", *arguments).out
    assert seen(top) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_that_is_mounted_again_has_everything(
    top: Path, regolo: Regolo, kind: Callable[[Path], Path]
) -> None:
    store = kind(top)
    unmounted(store)
    regolo("commit", "m", "code.py", status=6)
    store.with_name("disk").rename(store)
    regolo("commit", "m", "code.py")
    regolo("fsck", "--full")


def test_commands_that_need_no_store_work_without_it(top: Path, regolo: Regolo) -> None:
    unmounted(configured_store(top))
    for line in (["list"], ["list", "m"], ["log", "m"], ["status"], ["history", "m"], ["describe"]):
        regolo(*line)


@pytest.mark.parametrize("line", [["init"], ["config", "--local", "regolo.store"]])
def test_a_store_that_this_clone_has_used_is_not_created_on_purpose_either(
    top: Path, regolo: Regolo, line: list[str]
) -> None:
    store = configured_store(top)
    regolo("commit", "m", "code.py")
    unmounted(store)
    more = [str(store)] if line[0] == "config" else []
    said = refusal(regolo(*line, *more, status=6).err)
    assert said.hint == "mount it, or give it up: git regolo config --local --unset regolo.store"
    assert not store.exists()


def test_a_store_that_is_lost_can_be_given_up(top: Path, regolo: Regolo) -> None:
    store = configured_store(top)
    regolo("commit", "m", "code.py")
    shutil.rmtree(store)
    regolo("config", "--local", "--unset", "regolo.store")
    assert f"created a store at {store}" in regolo("config", "--local", "regolo.store", str(store)).err
    regolo("commit", "d", "code.py")
    regolo("fsck", "d", status=5)


def test_the_default_store_is_missed_even_if_everything_of_ours_is_deleted(top: Path, regolo: Regolo) -> None:
    shutil.rmtree(top / ".git/regolo")
    assert AWAY in refusal(regolo("commit", "m", "code.py", status=6).err).message
    regolo("config", "--local", "--unset", "regolo.store")
    regolo("commit", "m", "code.py")


def test_a_process_that_goes_on_notices_that_the_store_went(top: Path) -> None:
    store = configured_store(top)
    with Registry.open(top) as registry:
        registry.create_model_version("m", model_data=b"before")
        empty_mount_point(store)
        with pytest.raises(StoreAbsent, match="is the disk mounted"):
            registry.create_model_version("m", model_data=b"after")
        with pytest.raises(StoreAbsent, match="is the disk mounted"):
            registry.checkout_model_version("m", "1.0", top / "elsewhere")
        assert list(store.iterdir()) == []
        assert registry.list_model_versions("m")[-1].version == "1.2"


# -- creating one -----------------------------------------------------------------------------------------


def test_a_fresh_clone_has_its_store_from_its_first_version_on(top: Path, regolo: Regolo) -> None:
    fresh = clone(top, top.parent / "fresh")
    os.chdir(fresh)
    regolo("show", "m@1.0")
    regolo("checkout", "m@1.0", status=3)
    regolo("fsck", status=5)
    regolo("doctor")
    assert not default_store(fresh).exists()
    assert "created a store" not in regolo("commit", "m", "code.py").err
    assert (default_store(fresh) / "format.toml").is_file()
    assert git(fresh, "config", "--get-all", "regolo.usedStore") == "(default)\n"


@pytest.mark.parametrize("line", [["init"], ["config", "--local", "regolo.store"]])
def test_a_new_place_is_created_on_purpose_and_named(
    top: Path, regolo: Regolo, tmp_path: Path, line: list[str]
) -> None:
    place = tmp_path / "new" / "store"
    git(top, "config", "regolo.store", str(place))
    regolo("commit", "m", "code.py", status=6)
    said = refusal(regolo("show", "m@1.0", status=6).err)
    assert said.hint == "mount it, or create it: git regolo init"
    more = [str(place)] if line[0] == "config" else []
    assert f"created a store at {place}\n" in regolo(*line, *more).err
    assert (place / "format.toml").is_file()
    assert "created a store" not in regolo(*line, *more).err
    regolo("commit", "m", "code.py")
    assert f"{place}\n" in git(top, "config", "--get-all", "regolo.usedStore")


def test_a_new_registry_creates_the_store_that_is_configured(git_repository: Path, tmp_path: Path) -> None:
    git(git_repository, "config", "regolo.store", str(tmp_path / "store"))
    with Registry.init(git_repository) as registry:
        registry.register_model("m", model_data=b"1")
    assert (tmp_path / "store" / "format.toml").is_file()
    assert not default_store(git_repository).exists()


def test_a_store_that_cannot_be_created_is_not_set(top: Path, regolo: Regolo, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    regolo("config", "--local", "regolo.store", str(tmp_path / "file" / "store"), status=6)
    assert Handle.open(top, {}).store_url == str(default_store(top))
    regolo("commit", "m", "code.py")
