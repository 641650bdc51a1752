"""Several stores are read as one: what the first lacks or has damaged comes from the next."""

import os
import secrets
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from blake3 import blake3
from support.failing_store import FailingStore
from support.local_store import stored_files

from regolo_git.errors import IntegrityError, MissingDependency, NotFound, TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store.chain import Link, StoreChain
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore
from regolo_git.store.store import Store, find_recipe

DATA = b"forty-two bytes of a model, more or less.."


def recipe_of(data: bytes) -> Recipe:
    digest = Digest("blake3", blake3(data).hexdigest())
    return Recipe("file", (RecipeFile("", 0o644, len(data), digest),), (), (chunk_of(data),))


def chunk_of(data: bytes) -> RecipeChunk:
    return RecipeChunk(blake3(data).hexdigest(), len(data))


def put(store: Store, data: bytes) -> Recipe:
    recipe = recipe_of(data)
    store.put_chunk(chunk_of(data).blake3, data)
    store.put_recipe(recipe)
    return recipe


def read(store: Store, data: bytes) -> bytes:
    buffer = bytearray(len(data))
    store.read_chunk_into(chunk_of(data).blake3, memoryview(buffer))
    return bytes(buffer)


def damage(store: Store, data: bytes) -> None:
    path = stored_files(store, "chunks")[chunk_of(data).blake3]
    path.chmod(0o644)
    path.write_bytes(bytes(len(data)))


class Chained:
    """A chain of three stores in directories, and what it said."""

    def __init__(self, directory: Path) -> None:
        self.stores = [LooseStore.open_or_create(str(directory / name)) for name in ("local", "team", "far")]
        self.local, self.team, self.far = self.stores
        self.notices: list[str] = []
        self.opened: list[str] = []
        self.failing: dict[str, Exception] = {}

    def link(self, store: Store, opened: Callable[[], Store] | None = None) -> Link:
        def open_it() -> Store:
            self.opened.append(Path(store.url).name)
            if store.url in self.failing:
                raise self.failing[store.url]
            return opened() if opened else store

        return Link(store.url, open_it)

    def chain(self, first: Link | None = None) -> StoreChain:
        others = [self.link(self.team), self.link(self.far)]
        return StoreChain(first or self.link(self.local), lambda: others, self.notices.append)


@pytest.fixture
def three(tmp_path: Path) -> Chained:
    return Chained(tmp_path)


def test_chunks_of_the_first_store_are_read_without_opening_another(three: Chained) -> None:
    recipe = put(three.local, DATA)
    chain = three.chain()
    assert read(chain, DATA) == DATA
    assert chain.read_recipe(recipe.address) == recipe
    assert chain.has_recipe(recipe.address)
    assert chain.missing(recipe.chunks) == []
    assert three.opened == ["local"]


def test_chunks_that_the_first_store_lacks_come_from_the_next(three: Chained) -> None:
    recipe = put(three.far, DATA)
    chain = three.chain()
    assert read(chain, DATA) == DATA
    assert find_recipe(chain, recipe.address) == recipe
    assert chain.missing([*recipe.chunks, chunk_of(b"elsewhere")]) == [chunk_of(b"elsewhere")]
    assert three.opened == ["local", "team", "far"]
    assert three.notices == []
    assert three.local.recipe_names() == set()  # reading stores nothing


def test_a_chunk_in_no_store_is_missing_from_all(three: Chained) -> None:
    recipe = recipe_of(DATA)
    chain = three.chain()
    assert find_recipe(chain, recipe.address) is None
    for asked in (lambda: read(chain, DATA), lambda: chain.read_recipe(recipe.address)):
        with pytest.raises(NotFound, match=r"is missing from the stores '.*local', '.*team', '.*far'"):
            asked()


def test_a_damaged_chunk_comes_from_the_next_store_and_only_the_local_copy_is_moved(three: Chained) -> None:
    for store in three.stores:
        put(store, DATA)
    damage(three.local, DATA)
    chain = three.chain()
    assert read(chain, DATA) == DATA
    assert read(chain, DATA) == DATA
    assert list(stored_files(three.local, "chunks")) == []
    assert len(list(Path(three.local.url, "quarantine").iterdir())) == 1
    assert len(stored_files(three.team, "chunks")) == 1
    assert len(three.notices) == 1
    assert "is damaged; it was moved to" in three.notices[0]
    assert three.notices[0].endswith(f"it was read from '{three.team.url}'")


def test_damage_that_no_other_store_can_mend_is_the_error(three: Chained) -> None:
    put(three.local, DATA)
    damage(three.local, DATA)
    with pytest.raises(IntegrityError, match="is damaged"):
        read(three.chain(), DATA)


def test_a_store_that_fails_is_named_once_and_skipped(three: Chained) -> None:
    recipe = put(three.far, DATA)
    three.failing[three.team.url] = TransportError("the store 'team' failed: no route to host")
    chain = three.chain()
    for _ in range(3):
        assert read(chain, DATA) == DATA
        assert chain.has_recipe(recipe.address)
        assert chain.missing(recipe.chunks) == []
    assert three.notices == ["the store 'team' failed: no route to host"]
    assert three.opened == ["local", "team", "far"]  # it was tried once


def test_a_store_that_cannot_be_used_here_is_skipped_too(three: Chained) -> None:
    put(three.far, DATA)
    three.failing[three.team.url] = MissingDependency("stores at s3:// need an extra package")
    assert read(three.chain(), DATA) == DATA
    assert three.notices == ["stores at s3:// need an extra package"]


def test_a_failure_reaches_the_caller_if_no_other_store_has_it(three: Chained) -> None:
    three.failing[three.team.url] = TransportError("the store 'team' failed: no route to host")
    chain = three.chain()
    address = recipe_of(DATA).address
    for asked in (
        lambda: read(chain, DATA),
        lambda: chain.read_recipe(address),
        lambda: chain.has_recipe(address),
        lambda: chain.missing([chunk_of(DATA)]),
        lambda: chain.absent_recipes([address]),
    ):
        with pytest.raises(TransportError, match="no route to host"):
            asked()
    assert three.notices == []
    assert three.opened.count("team") == 1


def test_a_store_that_failed_is_asked_again_after_a_while(
    three: Chained, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(three.team, DATA)
    three.failing[three.team.url] = TransportError("the store 'team' failed: no route to host")
    chain = three.chain()
    with pytest.raises(TransportError):
        read(chain, DATA)
    del three.failing[three.team.url]
    with pytest.raises(TransportError):
        read(chain, DATA)
    monkeypatch.setattr("regolo_git.store.chain.monotonic", lambda: 1e12)
    assert read(chain, DATA) == DATA


def test_a_store_that_stops_answering_is_left_for_the_next_one(three: Chained) -> None:
    for data in (b"one", b"two", b"three"):
        put(three.local, data)
        put(three.team, data)
    failing = FailingStore(three.local, calls=1)
    chain = three.chain(three.link(three.local, lambda: failing))
    assert [read(chain, data) for data in (b"one", b"two", b"three")] == [b"one", b"two", b"three"]
    assert three.notices == [f"the store '{three.local.url}' failed: the connection is gone"]


def test_writes_go_to_the_first_store(three: Chained) -> None:
    chain = three.chain()
    recipe = put(chain, DATA)
    assert three.local.read_recipe(recipe.address) == recipe
    assert three.team.recipe_names() == set()
    assert chain.recipe_names() == {recipe.address.hex}
    assert chain.scratch_directory() == three.local.scratch_directory()
    assert chain.url == three.local.url
    assert chain.connections == three.local.connections
    assert chain.stale_temporaries() == []


def test_many_threads_open_each_store_once(three: Chained) -> None:
    pieces = [secrets.token_bytes(64) for _ in range(40)]
    for data in pieces:
        put(three.far, data)
    three.failing[three.team.url] = TransportError("the store 'team' failed: no route to host")
    chain = three.chain()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda data: read(chain, data), pieces)) == pieces
    assert sorted(three.opened) == ["far", "local", "team"]
    assert three.notices == ["the store 'team' failed: no route to host"]


def test_a_forked_child_opens_the_stores_itself(three: Chained) -> None:
    put(three.team, DATA)
    chain = three.chain()
    assert read(chain, DATA) == DATA
    held = threading.Event()

    def hold_the_lock() -> None:
        with chain._lock:  # as a thread that is just telling something
            held.set()
            release.wait(30)

    release = threading.Event()
    holder = threading.Thread(target=hold_the_lock)
    holder.start()
    held.wait(30)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            three.opened.clear()
            code = 0 if read(chain, DATA) == DATA and three.opened == ["local", "team"] else 2
        finally:
            os._exit(code)
    release.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_chunks_that_a_store_lacks_hold_no_memory(tmp_path: Path) -> None:
    chained = Chained(tmp_path)
    data = [bytes([number]) * (4 << 20) for number in range(24)]
    recipes = [put(chained.far, each) for each in data]
    whole = Recipe("file", recipes[0].files, (), tuple(chunk for r in recipes for chunk in r.chunks))
    chain = StoreChain(
        chained.link(chained.local),
        lambda: [chained.link(SharedStore.open(files_at(chained.team.url))), chained.link(chained.far)],
        chained.notices.append,
    )
    tracemalloc.start()
    try:
        found = {chunk.blake3 for chunk, _ in chain.read_chunks(whole, whole.chunks)}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == {chunk.blake3 for chunk in whole.chunks}
    assert peak < 72 << 20  # of 96, if errors held the buffers; what is read ahead holds 48


def test_a_recipe_of_another_store_is_read_once_and_kept(three: Chained) -> None:
    kept: list[Recipe] = []
    recipe = put(three.far, DATA)
    first, far = three.link(three.local), three.link(three.far)
    chain = StoreChain(first, lambda: [far], three.notices.append, kept.append)
    assert chain.read_recipe(recipe.address) == recipe
    stored_files(three.far, "recipes")[recipe.address.hex].unlink()
    assert chain.read_recipe(recipe.address) == recipe
    assert kept == [recipe]


def test_a_recipe_of_the_first_store_is_not_kept(three: Chained) -> None:
    kept: list[Recipe] = []
    recipe = put(three.local, DATA)
    chain = StoreChain(three.link(three.local), list, three.notices.append, kept.append)
    assert chain.read_recipe(recipe.address) == recipe
    assert kept == []
