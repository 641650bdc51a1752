"""Transfers with a server that fails: they end well, or with an error after which the next run does the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.packed import shared_at
from support.servers.faulty_proxy import FLIPPED, FOR_EVER, RESET, TRUNCATED, FaultyProxy
from support.servers.s3 import S3Server, s3_credentials, s3_server, s3_store

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import send
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import TransportError
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_url import StoreAddress
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

__all__ = ["s3_credentials", "s3_server", "s3_store"]

pytestmark = pytest.mark.slow


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultyProxy]:
    with FaultyProxy(s3_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def shared(s3_store: StoreAddress, proxy: FaultyProxy) -> SharedStore:
    """A shared store behind the proxy."""
    shared_at(files_at(s3_store))
    return SharedStore.open(files_at(s3_store._replace(endpoint=proxy.url)))


@pytest.fixture
def local(tmp_path: Path) -> LooseStore:
    return LooseStore.open_or_create(str(tmp_path / "local"))


@pytest.fixture
def recipe(local: LooseStore, tmp_path: Path) -> Recipe:
    """An artifact of large chunks, and of small ones in two packs."""
    top = tmp_path / "model"
    top.mkdir()
    for number in range(3):
        (top / f"{number}.bin").write_bytes(noise(f"{number}", 3 << 20))
    for number in range(40):
        (top / f"{number:02}.txt").write_bytes(noise(f"text {number}", 600_000))
    return local.read_recipe(ingest(local, top).artifact.recipe)


@pytest.mark.parametrize("fault", ["InternalError", "SlowDown", RESET, TRUNCATED, FLIPPED])
def test_two_faults_for_each_object_are_got_over(
    local: LooseStore, shared: SharedStore, recipe: Recipe, proxy: FaultyProxy, tmp_path: Path, fault: str
) -> None:
    proxy.inject(fault, times=2, path="/store/")
    send(local, shared, [recipe.address])
    here = LooseStore.open_or_create(str(tmp_path / "here"))
    receive(shared, here, shared.read_recipe(recipe.address))
    verify_recipe(here, recipe)


@pytest.mark.parametrize("place", ["/packs/", "/chunks/", "/recipes/"])
def test_a_full_server_is_an_error_and_the_next_run_sends_the_rest(
    local: LooseStore, shared: SharedStore, recipe: Recipe, proxy: FaultyProxy, place: str
) -> None:
    proxy.inject("XMinioStorageFull", times=FOR_EVER, method="PUT", path=place)
    with pytest.raises(TransportError):
        send(local, shared, [recipe.address])
    arrived = {asked.path for asked in proxy.asked if asked.method == "PUT" and asked.status == 200}
    assert not shared.has_recipe(recipe.address)
    proxy.clear()
    send(local, shared, [recipe.address], interrupted=True)
    assert arrived.isdisjoint(asked.path for asked in proxy.asked if asked.method == "PUT")
    verify_recipe(shared, shared.read_recipe(recipe.address))
