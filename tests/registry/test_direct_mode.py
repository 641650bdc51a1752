"""A clone whose store is remote keeps no bytes of its own, but a cache of limited size."""

import secrets
from pathlib import Path

import pytest
from support.git_program import git
from support.model_files import write_model

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, TransportError
from regolo_git.records.store_record import StoreRecord
from regolo_git.records.store_url import parse_store_address
from regolo_git.registry.clone_store import DEFAULT_CACHE_SIZE
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.handle import Handle
from regolo_git.registry.shared_store import SharedStores
from regolo_git.store.cache import CachedStore
from regolo_git.store.locate import files_at


@pytest.fixture
def place(registry: Registry) -> str:
    """The remote store of the clone."""
    url = f"memory://{secrets.token_hex(8)}"
    registry.handle.clone_store.create(url)
    registry.handle.git.config_set("regolo.store", url)
    return url


def kinds(place: str) -> list[str]:
    files = files_at(place)
    paths = [file.path for file in files.walk("records")]
    return sorted(StoreRecord.parse(files.read_range(path, 0, 1 << 20)).kind for path in paths)


def cached_bytes(registry: Registry) -> int:
    directory = registry.handle.local_directory / "cache"
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file() and path.name != "lock")


def test_a_version_goes_to_the_remote_store_and_comes_back_through_the_cache(
    registry: Registry, place: str, tmp_path: Path
) -> None:
    source = write_model(registry.handle.paths.top / "m.safetensors", 1.0)
    registry.register_model("m", source)
    assert not (registry.handle.local_directory / "store/chunks").exists()
    assert kinds(place) == ["all", "done", "intent"]
    assert isinstance(registry.handle.store, CachedStore)
    for name in ("first", "second"):
        registry.checkout_model_version("m", "1.0", tmp_path / name)
        assert (tmp_path / name).read_bytes() == source.read_bytes()
        assert cached_bytes(registry) >= source.stat().st_size
    # Without the chunks of the store, the cache has them.
    files = files_at(place)
    for file in list(files.walk("chunks")):
        files.remove(file.path)
    with Registry.open(registry.handle.paths.top) as again:
        again.checkout_model_version("m", "1.0", tmp_path / "third")
    assert (tmp_path / "third").read_bytes() == source.read_bytes()


def test_damage_in_the_remote_store_is_named_and_stays_there(
    registry: Registry, place: str, tmp_path: Path
) -> None:
    registry.register_model("m", write_model(registry.handle.paths.top / "m.safetensors", 1.0))
    files = files_at(place)
    for file in list(files.walk("chunks")):
        files.write(file.path, bytes(file.size))
    before = sorted(file.path for file in files.walk(""))
    with pytest.raises(Exception, match="chunk"):
        registry.checkout_model_version("m", "1.0", tmp_path / "m")
    assert sorted(file.path for file in files.walk("")) == before


def test_the_cache_is_where_and_as_large_as_the_settings_say(
    registry: Registry, place: str, tmp_path: Path
) -> None:
    top = registry.handle.paths.top
    git(top, "config", "regolo.cache", str(tmp_path / "cache"))
    git(top, "config", "regolo.cacheSize", "1kB")
    registry.register_model("m", secrets.token_bytes(600))
    registry.create_model_version("m", model_data=secrets.token_bytes(600))
    for version in ("1.0", "1.1"):
        registry.checkout_model_version("m", version, tmp_path / version)
    sizes = [file.stat().st_size for file in (tmp_path / "cache").rglob("??/*")]
    assert sum(sizes) <= 1000
    assert cached_bytes(registry) == 0
    assert DEFAULT_CACHE_SIZE == 10_000_000_000


def test_one_store_by_several_names_is_one_store(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    change_setting(registry.handle, "store.url", str(tmp_path / "team"))
    for place in (f"file://{tmp_path}/team", f"{tmp_path}/team/", f"{tmp_path}/link/team"):
        git(registry.handle.paths.top, "config", "regolo.store", place)
        with Registry.open(registry.handle.paths.top) as again:
            address = again.handle.shared_stores.address()
            assert address is not None
            assert again.handle.clone_store.is_at(address)
            assert again.handle.shared_stores.links(again.handle.clone_store.is_at, lambda: None) == []


def test_a_bucket_of_another_service_is_another_store(registry: Registry) -> None:
    top = registry.handle.paths.top
    git(top, "config", "regolo.store", "s3://models/team")
    here = registry.handle.clone_store
    assert here.is_at(parse_store_address("s3://models/team/"))
    assert not here.is_at(parse_store_address("s3://models/team", "https://s3.example.com"))
    git(top, "config", "regolo.storeEndpoint", "https://s3.example.com")
    git(top, "config", "regolo.storeRegion", "eu-x")
    assert here.is_at(parse_store_address("s3://models/team", "https://s3.example.com"))
    assert here.address.region == "eu-x"


@pytest.mark.parametrize("size", ["much", "-1", "10 parsecs"])
def test_a_size_that_is_none_is_named(registry: Registry, place: str, size: str) -> None:
    git(registry.handle.paths.top, "config", "regolo.cacheSize", size)
    with pytest.raises(InvalidInput, match=r"regolo\.cacheSize") as caught:
        _ = registry.handle.store
    assert "10GB" in str(caught.value.hint)


def test_bytes_cleaned_away_during_a_commit_are_not_named(
    registry: Registry, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = SharedStores.records

    def cleaning(stores: SharedStores, store: object) -> object:
        files = files_at(place)
        for file in list(files.walk("chunks")):
            files.remove(file.path)
        return records(stores, store)  # type: ignore[arg-type]

    monkeypatch.setattr(SharedStores, "records", cleaning)
    with pytest.raises(TransportError, match="cleaned meanwhile"), pytest.warns(match="stay in the store"):
        registry.register_model("m", b"one")
    assert git(registry.handle.paths.top, "tag") == ""
    monkeypatch.undo()
    registry.register_model("m", b"one")
    assert kinds(place) == ["all", "done", "done", "intent", "intent"]


def test_a_directory_is_not_a_direct_mode(registry: Registry, tmp_path: Path) -> None:
    for place in (str(tmp_path / "a"), f"file://{tmp_path / 'b'}"):
        registry.handle.clone_store.create(place)
        git(registry.handle.paths.top, "config", "regolo.store", place)
        with Registry(Handle.open(registry.handle.paths.top, {})) as again:
            assert not again.handle.clone_store.is_remote
            assert not isinstance(again.handle.store, CachedStore)
