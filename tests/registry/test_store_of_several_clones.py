"""A store in a directory that several clones write to: each tells the others what it keeps."""

from pathlib import Path

import pytest
from support.clones import Team, team
from support.fake_cleaning import FakeCleaning
from support.interrupted_files import advance

from regolo_git.api import Registry
from regolo_git.errors import Conflict, TransportError
from regolo_git.records.store_record import RecordName
from regolo_git.registry.versions import create
from regolo_git.store import records as module
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.loose import LooseStore
from regolo_git.store.records import Deletions

__all__ = ["team"]


@pytest.fixture
def place(team: Team, tmp_path: Path) -> Path:
    """The store that clones share, on a disk for all of them."""
    team.store = tmp_path / "everybody"
    LooseStore.create(str(team.store))
    return team.store


def kinds(place: Path) -> list[str]:
    names = [RecordName.parse(path.name) for path in (place / "records").rglob("*.json")]
    return sorted(name.kind for name in names if name is not None)


def assert_whole(registry: Registry, version: str) -> None:
    with Registry.open(registry.handle.paths.top) as again:
        store = again.handle.store
        recipe = again.get_model_version("m", version).manifest.artifact.recipe
        assert not store.missing(store.read_recipe(recipe).chunks)


def test_recipes_kept_by_one_clone_survive_cleaning_in_another(team: Team, place: Path) -> None:
    ours = team.clone("ours")
    ours.create_model_version("m", model_data=b"ours")
    assert kinds(place) == ["all", "done", "intent"]
    ours.create_model_version("m", model_data=b"next")
    assert kinds(place) == ["all", "done", "done", "intent", "intent", "kept"]
    cleaning = FakeCleaning(LocalFiles(place))
    advance(cleaning.steps(), 1000)
    assert cleaning.deleted == []
    for version in ("1.1", "1.2"):
        assert_whole(ours, version)


def test_the_store_of_one_clone_has_no_records(team: Team) -> None:
    team.store = None
    ours = team.clone("ours")
    ours.create_model_version("m", model_data=b"ours")
    store = ours.handle.local_directory / "store"
    assert not (store / "records").exists()
    # Another clone uses it from now on, and what it has from before is kept, too.
    team.store = store
    team.clone("theirs").create_model_version("m", model_data=b"theirs")
    ours.create_model_version("m", model_data=b"next")
    advance(FakeCleaning(LocalFiles(store)).steps(), 1000)
    for version in ("1.1", "1.2"):
        assert_whole(ours, version)


@pytest.mark.slow
def test_a_version_that_is_created_beside_a_cleaning_is_whole(
    team: Team, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = team.clone("ours")
    length = sum(1 for _ in FakeCleaning(LocalFiles(place)).steps())
    deleted: list[str] = []
    begin = Deletions.wait
    for number, before in enumerate(range(2 * length + 12)):
        data = bytes([number]) * 50
        # It is there already, and nothing keeps it: the new version finds it and relies on it.
        theirs = team.clone("theirs")
        theirs.create_model_version("m", model_data=data)
        for path in (place / "records").rglob("*.json"):
            path.unlink()
        cleaning = FakeCleaning(LocalFiles(place))
        steps = cleaning.steps()
        monkeypatch.setattr(module, "pause", lambda *_, steps=steps: advance(steps, 1))

        def wait(*given: object, steps: object = steps, before: int = before) -> None:
            advance(steps, before)  # type: ignore[arg-type]
            begin(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(Deletions, "wait", wait)
        try:
            version = ours.create_model_version("m", model_data=data).version
        except TransportError:  # it was cleaned meanwhile, and nothing has a name
            version = ours.create_model_version("m", model_data=data).version
        advance(steps, 1000)
        deleted += cleaning.deleted
        assert_whole(ours, version)
    assert deleted


def test_a_failed_version_does_not_block_cleaning(
    team: Team, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = team.clone("ours")

    def fail(*_: object) -> None:
        raise Conflict("another writer was faster")

    with monkeypatch.context() as patched:
        patched.setattr(create, "_publish", fail)
        with pytest.raises(Conflict, match="faster"):
            ours.create_model_version("m", model_data=b"ours")
    assert kinds(place) == ["done", "intent"]
