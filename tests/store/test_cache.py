"""The cache in front of a remote store: bounded, verified, and never in the way."""

import os
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from blake3 import blake3
from support.counting_files import CountingFiles
from support.places import ROOT

from regolo_git.errors import IntegrityError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store.cache import Cache, CachedStore
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore

SIZE = 1000


def recipe_of(pieces: list[bytes]) -> Recipe:
    data = b"".join(pieces)
    file = RecipeFile("", 0o644, len(data), Digest("blake3", blake3(data).hexdigest()))
    return Recipe("file", (file,), (), tuple(map(chunk_of, pieces)))


def chunk_of(data: bytes) -> RecipeChunk:
    return RecipeChunk(blake3(data).hexdigest(), len(data))


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file() and path.name != "lock")


class Cached:
    """A store in memory with a cache in front of it, and how often the store was asked."""

    def __init__(self, directory: Path, limit: int) -> None:
        url = f"memory://{secrets.token_hex(8)}"
        LooseStore.create(url)
        self.files = CountingFiles(files_at(url))
        self.behind = LooseStore(self.files)
        self.directory = directory
        self.store = CachedStore(self.behind, Cache(directory, limit))
        self.pieces: list[bytes] = []

    def put(self, count: int) -> Recipe:
        pieces = [secrets.token_bytes(SIZE) for _ in range(count)]
        for piece in pieces:
            self.store.put_chunk(chunk_of(piece).blake3, piece)
        self.pieces += pieces
        recipe = recipe_of(pieces)
        self.store.put_recipe(recipe)
        self.files.reset()
        return recipe

    def read(self, piece: bytes) -> bytes:
        buffer = bytearray(len(piece))
        self.store.read_chunk_into(chunk_of(piece).blake3, memoryview(buffer))
        return bytes(buffer)

    @property
    def asked(self) -> int:
        return sum(self.files.calls.values())


@pytest.fixture
def cached(tmp_path: Path) -> Cached:
    return Cached(tmp_path / "cache", 100 * SIZE)


def test_content_is_requested_only_once(cached: Cached) -> None:
    recipe = cached.put(10)
    for _ in range(2):
        assert [cached.read(piece) for piece in cached.pieces] == cached.pieces
        assert cached.store.read_recipe(recipe.address) == recipe
        assert dict(cached.store.read_chunks(recipe, recipe.chunks)) == dict(
            zip(recipe.chunks, cached.pieces, strict=True)
        )
        asked = cached.asked
    assert asked == cached.asked
    assert sum(cached.files.counted("read_into", "chunks").values()) == 10
    assert cached.store.missing(recipe.chunks) == []
    assert cached.store.has_recipe(recipe.address)
    assert cached.store.absent_recipes([recipe.address]) == set()
    assert cached.store.recipe_names() == {recipe.address.hex}


def test_many_chunks_read_at_once_are_kept_too(cached: Cached) -> None:
    recipe = cached.put(5)
    assert [bytes(data) for _, data in cached.store.read_chunks(recipe, recipe.chunks)] == cached.pieces
    cached.files.reset()
    assert [bytes(data) for _, data in cached.store.read_chunks(recipe, recipe.chunks)] == cached.pieces
    assert cached.asked == 0


def test_the_cache_stays_within_its_limit_and_drops_what_was_not_read_longest(cached: Cached) -> None:
    cached.put(300)
    first = cached.pieces[0]
    path = cached.directory / chunk_of(first).blake3[:2] / chunk_of(first).blake3
    for number, piece in enumerate(cached.pieces):
        cached.read(piece)
        os.utime(path, (time.time() + number,) * 2)  # as if it were read all the time
        if number % 10 == 0:
            assert size_of(cached.directory) <= 107 * SIZE
    assert path.exists()
    assert size_of(cached.directory) >= 80 * SIZE
    cached.files.reset()
    cached.read(cached.pieces[-1])
    assert cached.asked == 0
    cached.read(cached.pieces[1])
    assert cached.asked > 0


def test_reading_marks_what_is_used(cached: Cached) -> None:
    cached.put(1)
    cached.read(cached.pieces[0])
    (path,) = (file for file in cached.directory.rglob("*") if file.is_file() and file.name != "lock")
    os.utime(path, (1000, 1000))
    cached.read(cached.pieces[0])
    assert path.stat().st_mtime > 1000


def test_damage_in_the_cache_is_read_again_from_the_store(cached: Cached) -> None:
    recipe = cached.put(3)
    for piece in cached.pieces:
        cached.read(piece)
    cached.store.read_recipe(recipe.address)
    for file in cached.directory.rglob("*"):
        if file.is_file():
            file.write_bytes(bytes(SIZE))
    assert [cached.read(piece) for piece in cached.pieces] == cached.pieces
    assert cached.store.read_recipe(recipe.address) == recipe
    assert [bytes(data) for _, data in cached.store.read_chunks(recipe, recipe.chunks)] == cached.pieces


def test_damaged_content_of_the_store_is_not_kept(cached: Cached) -> None:
    cached.put(1)
    chunk = chunk_of(cached.pieces[0])
    cached.files.remove(f"chunks/{chunk.blake3[:2]}/{chunk.blake3}")
    cached.files.put(f"chunks/{chunk.blake3[:2]}/{chunk.blake3}", bytes(SIZE))
    with pytest.raises(IntegrityError):
        cached.read(cached.pieces[0])
    assert size_of(cached.directory) == 0


@pytest.mark.parametrize("limit", [0, SIZE - 1])
def test_content_larger_than_the_cache_is_not_kept(tmp_path: Path, limit: int) -> None:
    cached = Cached(tmp_path / "cache", limit)
    cached.put(2)
    assert [cached.read(piece) for piece in cached.pieces] == cached.pieces
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("obstacle", ["a file", "a file below"])
def test_a_cache_that_cannot_be_used_is_in_the_way_of_nothing(tmp_path: Path, obstacle: str) -> None:
    place = tmp_path / "cache"
    if obstacle == "a file":
        place.write_text("in the way")
    else:
        place.mkdir()
        for number in range(256):
            (place / f"{number:02x}").write_text("in the way")
    cached = Cached(place, 100 * SIZE)
    cached.put(5)
    for _ in range(2):
        assert [cached.read(piece) for piece in cached.pieces] == cached.pieces


def test_leftovers_of_a_killed_process_are_removed(cached: Cached) -> None:
    cached.directory.mkdir()
    old, new = cached.directory / "tmp-old", cached.directory / "tmp-new"
    for path in (old, new):
        path.write_bytes(bytes(SIZE))
    os.utime(old, (1000, 1000))
    cached.put(1)
    cached.read(cached.pieces[0])
    assert not old.exists()
    assert new.exists()


def test_several_threads_share_it(cached: Cached) -> None:
    cached.put(200)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cached.read, cached.pieces)) == cached.pieces
    assert size_of(cached.directory) <= 110 * SIZE


PROCESS = """
import sys, secrets
from pathlib import Path
from blake3 import blake3
from regolo_git.store.cache import Cache
cache = Cache(Path(sys.argv[1]), 100_000)
for _ in range(300):
    data = secrets.token_bytes(1000)
    address = blake3(data).hexdigest()
    cache.keep(address, data)
    assert cache.read(address, 1000) in (data, None)
"""


def test_several_processes_share_it(tmp_path: Path) -> None:
    place, over = tmp_path / "cache", []
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS, str(place)], cwd=ROOT) for _ in range(3)]
    watching = threading.Event()

    def watch() -> None:
        while not watching.wait(0.01):
            size = 0
            for path in place.rglob("*"):
                try:
                    size += path.stat().st_size if path.is_file() else 0
                except OSError:
                    continue
            over.append(size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    codes = [process.wait(120) for process in processes]
    watching.set()
    watcher.join()
    assert codes == [0, 0, 0]
    assert max(over, default=0) <= 100_000 + 3 * 2 * 5_000 + 10_000
    assert size_of(place) <= 100_000 + 3 * 5_000
