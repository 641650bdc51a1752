"""A fetch, a pull and a clone bring recipes from the shared store, so that views work without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.git_program import git
from support.local_store import stored_files
from support.team import clone_of, publisher, send_all, team

from regolo_git.api import Registry
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.fetch import fetch
from regolo_git.registry.sync.pull import pull
from regolo_git.registry.sync.recipes import NEWEST
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.reviews.versions import compare_versions

__all__ = ["publisher", "team"]


@pytest.fixture
def clone(publisher: Registry, tmp_path: Path) -> Path:
    """A clone without recipes, of a registry with `m@1.0`."""
    publisher.register_model("m", noise("m", 1000))
    send_all(publisher)
    return clone_of(publisher, tmp_path / "clone")


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def handle(clone: Path, notices: list[str]) -> Iterator[Handle]:
    opened = Handle.open(clone, {}, notices.append)
    yield opened
    opened.close()


def publish(publisher: Registry, *versions: str) -> None:
    for version in versions:
        publisher.create_model_version("m", version=version, model_data=noise(version, 1000))
    send_all(publisher)


def recipe(publisher: Registry, version: str) -> str:
    return publisher.get_model_version("m", version).manifest.artifact.recipe.hex


def recipes(top: Path) -> set[str]:
    with Registry.open(top) as opened:
        return set(stored_files(opened.handle.store, "recipes"))


def test_a_fetch_brings_the_recipes_of_new_versions(
    publisher: Registry, clone: Path, handle: Handle, team: Path, tmp_path: Path, notices: list[str]
) -> None:
    publish(publisher, "1.1", "1.2")
    assert fetch(handle).versions == ("m@1.1", "m@1.2")
    assert recipes(clone) == {recipe(publisher, "1.1"), recipe(publisher, "1.2")}
    team.rename(tmp_path / "away")
    with Registry.open(clone) as registry:
        found = compare_versions(registry.handle, Reference.parse("m@1.1"), Reference.parse("m@1.2"))
        assert found.tensors is not None
    assert notices == []


def test_a_pull_brings_them_too(publisher: Registry, clone: Path, handle: Handle) -> None:
    publish(publisher, "1.1")
    assert pull(handle).fetched.versions == ("m@1.1",)
    assert recipes(clone) == {recipe(publisher, "1.1")}


def test_a_clone_brings_those_of_older_versions(publisher: Registry, clone: Path, tmp_path: Path) -> None:
    place = publisher.handle.paths.top / "f.bin"
    place.write_bytes(b"first")
    publisher.register_model("f", place)
    place.write_bytes(b"second")
    publisher.create_model_version("f", model_data=place)
    send_all(publisher)
    with Registry.clone(str(publisher.handle.paths.top), tmp_path / "other", yes=True) as other:
        versions = other.handle.index.all_rows()
        addresses = {read_tagged_manifest(other.handle, row).artifact.recipe.hex for row in versions}
    assert len(versions) == 3
    assert recipes(tmp_path / "other") == addresses


def test_a_clone_without_files_asks_a_store_that_is_confirmed(
    publisher: Registry, clone: Path, tmp_path: Path
) -> None:
    url = str(publisher.handle.paths.top)
    for name, yes in (("other", False), ("trusting", True)):
        with Registry.clone(url, tmp_path / name, yes=yes, checkout=False) as registry:
            address = registry.handle.shared_stores.address()
            assert address is not None
            assert registry.handle.shared_stores.is_confirmed(address) == yes
        assert bool(recipes(tmp_path / name)) == yes


def test_a_fetch_of_nothing_new_asks_the_store_nothing(
    publisher: Registry, handle: Handle, team: Path, tmp_path: Path, notices: list[str]
) -> None:
    publish(publisher, "1.1")
    fetch(handle)
    team.rename(tmp_path / "away")
    handle.forget_stores()
    assert fetch(handle).versions == ()
    assert notices == []


def test_a_store_that_is_away_is_a_notice(
    publisher: Registry, handle: Handle, team: Path, tmp_path: Path, notices: list[str]
) -> None:
    publish(publisher, "1.1")
    team.rename(tmp_path / "away")
    assert fetch(handle).versions == ("m@1.1",)
    (notice,) = notices
    assert notice.startswith("recipes were not fetched: ")
    assert str(team) in notice


def test_a_store_that_is_not_confirmed_is_asked_nothing(
    publisher: Registry, clone: Path, handle: Handle, notices: list[str]
) -> None:
    git(clone, "config", "--unset", "regolo.confirmed")
    publish(publisher, "1.1")
    assert fetch(handle).versions == ("m@1.1",)
    assert (recipes(clone), notices) == (set(), [])


def test_of_many_versions_the_newest_come(publisher: Registry, clone: Path, handle: Handle) -> None:
    versions = [f"1.{number}" for number in range(1, NEWEST + 3)]
    publish(publisher, *versions)
    fetch(handle)
    assert recipes(clone) == {recipe(publisher, version) for version in versions[-NEWEST:]}


def test_what_is_pinned_comes_without_a_new_version(publisher: Registry, clone: Path, handle: Handle) -> None:
    publisher.promote_model_version("m", "1.0", "staging")
    assert fetch(handle).versions == ()
    assert recipes(clone) == {recipe(publisher, "1.0")}


@pytest.mark.parametrize("state", ["missing", "damaged"])
def test_one_that_the_store_cannot_give_keeps_no_other_back(
    publisher: Registry, clone: Path, handle: Handle, team: Path, notices: list[str], state: str
) -> None:
    publish(publisher, "1.1", "1.2")
    first = recipe(publisher, "1.1")
    place = team / "recipes" / first[:2] / first
    place.chmod(0o644)
    if state == "damaged":
        place.write_bytes(b"damaged")
    else:
        place.unlink()
    fetch(handle)
    assert (recipes(clone), notices) == ({recipe(publisher, "1.2")}, [])


def test_a_recipe_that_was_read_is_kept(publisher: Registry, clone: Path, team: Path, tmp_path: Path) -> None:
    publish(publisher, "1.1")
    with Registry.open(clone) as registry:
        fetch(registry.handle)
        before = recipes(clone)
        compare_versions(registry.handle, Reference.parse("m@1.0"), Reference.parse("m@1.1"))
    assert recipes(clone) - before == {recipe(publisher, "1.0")}
