"""With `store.write = "through"`, the bytes are in the shared store before a version has its name."""

import shutil
from pathlib import Path

import pytest
from support.git_program import git
from support.model_files import write_model
from support.team import clone_of, local_chunks

from regolo_git.api import Registry
from regolo_git.errors import RegoloError, StoreUnconfirmed, TransportError
from regolo_git.records.store_record import StoreRecord
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.store.shared import SharedStore


@pytest.fixture
def through(publisher: Registry) -> Registry:
    change_setting(publisher.handle, "store.write", "through")
    return publisher


def commit(registry: Registry, fill: float) -> None:
    path = write_model(registry.handle.paths.top / "m.safetensors", fill)
    if registry.list_models():
        registry.create_model_version("m", model_data=path)
    else:
        registry.register_model("m", path)


def kinds(team: Path) -> list[str]:
    records = [StoreRecord.parse(path.read_bytes()) for path in team.glob("records/*/*/*.json")]
    return sorted(record.kind for record in records)


def test_each_version_is_in_the_shared_store_with_its_records(through: Registry, team: Path) -> None:
    for number in (1, 2):
        commit(through, number)
        shared = through.handle.shared
        assert shared is not None
        for row in through.handle.index.all_rows():
            recipe = shared.read_recipe(read_tagged_manifest(through.handle, row).artifact.recipe)
            assert shared.missing(recipe.chunks) == []
        assert kinds(team) == sorted(["intent", "kept", "done"] * number)


def test_without_it_nothing_is_sent_before_a_push(publisher: Registry, team: Path) -> None:
    commit(publisher, 1)
    assert not (team / "recipes").exists()
    assert kinds(team) == []


def test_the_bytes_are_there_before_the_name(
    through: Registry, team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_recipe = SharedStore.put_recipe

    def looking(store: SharedStore, recipe: object) -> object:
        assert git(through.handle.paths.top, "tag") == ""
        return put_recipe(store, recipe)  # type: ignore[arg-type]

    monkeypatch.setattr(SharedStore, "put_recipe", looking)
    commit(through, 1)
    assert git(through.handle.paths.top, "tag").strip() == "m@v1.0"
    assert len(list((team / "recipes").rglob("*"))) > 0


def test_a_store_that_fails_leaves_no_version_and_the_next_run_makes_one(
    through: Registry, team: Path
) -> None:
    (team / "recipes").write_text("in the way")
    with pytest.raises(RegoloError):
        commit(through, 1)
    assert git(through.handle.paths.top, "tag") == ""
    assert through.list_models() == []
    (team / "recipes").unlink()
    commit(through, 1)
    assert kinds(team) == ["done", "done", "intent", "intent", "kept"]


def test_a_store_that_is_not_there_refuses_before_anything_is_stored(through: Registry, team: Path) -> None:
    shutil.rmtree(team)
    with pytest.raises(TransportError, match="is not there"):
        commit(through, 1)
    assert git(through.handle.paths.top, "tag") == ""
    assert not Path(through.handle.store_url, "chunks").exists()


def test_an_unconfirmed_store_refuses(through: Registry, tmp_path: Path) -> None:
    top = clone_of(through, tmp_path / "colleague")
    git(top, "config", "--unset", "regolo.confirmed")
    with Registry.open(top) as colleague, pytest.raises(StoreUnconfirmed):
        commit(colleague, 1)
    assert local_chunks(top) == set()


def test_what_cannot_be_told_afterwards_is_a_notice(
    through: Registry, team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TransportError("the store failed: the connection is gone")

    monkeypatch.setattr("regolo_git.store.records.Push.finish", fail)
    with pytest.warns(UserWarning, match="could not be told that this is done"):
        commit(through, 1)
    assert git(through.handle.paths.top, "tag").strip() == "m@v1.0"
    assert kinds(team) == ["intent"]
