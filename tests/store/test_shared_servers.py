"""A shared store on real servers: few requests, and what networks do costs nothing but time."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.artifact_files import chunk_bytes
from support.packed import Contents, contents_of, push, shared_at
from support.servers.faulty_proxy import FLIPPED, RESET, TRUNCATED, FaultyProxy
from support.servers.nginx import WebServer, web_server
from support.servers.s3 import S3Server, s3_credentials, s3_server, s3_store

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_format import PACKS, hints_path
from regolo_git.records.store_url import StoreAddress, parse_store_address
from regolo_git.store.locate import files_at
from regolo_git.store.shared import SharedStore

__all__ = ["s3_credentials", "s3_server", "s3_store", "web_server"]

pytestmark = pytest.mark.slow

SMALL = [40_000] * 2000
MIXED = [100, 300_000, 1 << 20, 5, 900_000, 2 << 20, *[30_000] * 20]


def fetched(store: SharedStore, recipe: Recipe) -> Contents:
    return {chunk.blake3: bytes(data) for chunk, data in store.read_chunks(recipe, recipe.chunks)}


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultyProxy]:
    with FaultyProxy(s3_server.endpoint) as proxy:
        yield proxy


def test_thousands_of_small_chunks_take_tens_of_requests(s3_store: StoreAddress, proxy: FaultyProxy) -> None:
    contents = contents_of(SMALL)
    store = shared_at(files_at(s3_store._replace(endpoint=proxy.url)))
    proxy.clear()
    recipe = push(store, contents)
    assert proxy.count("PUT") == 5 + 1 + 1  # packs, hints, recipe
    assert proxy.count() <= 5 + proxy.count("PUT")  # a sender that has no doubt does not ask for the packs
    store = SharedStore.open(files_at(s3_store._replace(endpoint=proxy.url)))
    proxy.clear()
    assert fetched(store, recipe) == contents
    assert proxy.count() <= 1 + 5 + 1  # whether the bucket is there


@pytest.mark.parametrize("fault", ["InternalError", "SlowDown", RESET, TRUNCATED, FLIPPED])
def test_two_faults_for_each_object_are_got_over(
    s3_store: StoreAddress, proxy: FaultyProxy, fault: str
) -> None:
    contents = contents_of(MIXED)
    shared_at(files_at(s3_store))
    store = SharedStore.open(files_at(s3_store._replace(endpoint=proxy.url)))
    proxy.inject(fault, times=2, path="/store/")
    recipe = push(store, contents)
    store = SharedStore.open(files_at(s3_store._replace(endpoint=proxy.url)))
    assert store.read_recipe(recipe.address) == recipe
    assert fetched(store, recipe) == contents
    assert fetched(SharedStore.open(files_at(s3_store)), recipe) == contents


@pytest.fixture
def served(web_server: WebServer, tmp_path: Path) -> tuple[str, Path]:
    """A path below the server's, and the directory of a store there."""
    name = tmp_path.name
    return name, web_server.root / name


@pytest.mark.parametrize("place", ["", "no-ranges/"], ids=["ranges", "no ranges"])
def test_a_web_server_serves_a_store(web_server: WebServer, served: tuple[str, Path], place: str) -> None:
    name, directory = served
    contents = contents_of(MIXED)
    recipe = push(shared_at(files_at(str(directory))), contents)
    with FaultyProxy(web_server.url) as proxy:
        store = SharedStore.open(files_at(parse_store_address(f"{proxy.url}/{place}{name}")))
        assert store.read_recipe(recipe.address) == recipe
        proxy.clear()
        assert fetched(store, recipe) == contents
        assert proxy.count() == 1 + 1 + 2  # hints, the pack, two large chunks
        assert store.missing(recipe.chunks) == []
        assert chunk_bytes(store, recipe.chunks[0]) == contents[recipe.chunks[0].blake3]


def test_files_that_a_web_server_lacks_or_has_damaged_are_named(
    web_server: WebServer, served: tuple[str, Path]
) -> None:
    name, directory = served
    recipe = push(shared_at(files_at(str(directory))), contents_of(MIXED))
    store = SharedStore.open(files_at(f"{web_server.url}/{name}"))
    (pack,) = [path for path in (directory / PACKS).rglob("*") if path.is_file()]
    content = pack.read_bytes()
    pack.chmod(0o644)
    pack.write_bytes(bytes(len(content)))
    with pytest.raises(IntegrityError, match=f"in pack '{pack.name}'"):
        fetched(store, recipe)
    pack.unlink()
    with pytest.raises(NotFound, match=recipe.chunks[0].blake3):
        fetched(store, recipe)
    assert store.missing(recipe.chunks) == [c for c in recipe.chunks if c.size < 1 << 20]


def test_without_its_hints_a_web_server_gives_the_chunks_with_files(
    web_server: WebServer, served: tuple[str, Path]
) -> None:
    name, directory = served
    contents = contents_of(MIXED)
    recipe = push(shared_at(files_at(str(directory))), contents)
    (directory / hints_path(recipe.address.hex)).unlink()
    store = SharedStore.open(files_at(f"{web_server.url}/{name}"))
    failed: list[str] = []
    found = {
        chunk.blake3: bytes(data)
        for chunk, data in store.read_chunks(recipe, recipe.chunks, lambda c, _: failed.append(c.blake3))
    }
    assert found == {a: data for a, data in contents.items() if len(data) >= 1 << 20}
    assert found.keys() | set(failed) == contents.keys()


class HeadersOfRequests(BaseHTTPRequestHandler):
    """Serves a directory whole, and keeps what each path was asked for with."""

    root: Path
    asked: dict[str, str]

    def do_GET(self) -> None:
        self.asked[self.path] = self.headers.get("Cache-Control", "")
        file = self.root / self.path.lstrip("/")
        self.send_response(200 if file.is_file() else 404)
        content = file.read_bytes() if file.is_file() else b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_caches_on_the_way_do_not_answer_for_what_may_be_replaced(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    recipe = push(shared_at(files_at(str(tmp_path))), contents_of(MIXED))
    asked: dict[str, str] = {}
    handler = type("Handler", (HeadersOfRequests,), {"root": tmp_path, "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = SharedStore.open(files_at(f"http://127.0.0.1:{server.server_port}"))
        fetched(store, recipe)
        server.shutdown()
    uncached = {path for path, control in asked.items() if control == "no-cache"}
    assert uncached == {"/format.toml", f"/{hints_path(recipe.address.hex)}"}
    assert len(asked) > len(uncached)
