"""A store with a cache of limited size on this machine in front of it.

    ab/abcdef…     a chunk or a recipe, named by the BLAKE3 of its bytes
    tmp-…          files being written
    lock           held by the process that makes room

What is in the cache is verified when it is read, so nothing has to be durable, and a cache that others may
write to cannot lie.  When it is full, what was not read for the longest time is removed first.  Several
processes may share a cache: each looks at its content again after adding a twentieth of the limit.  A cache
that cannot be used slows reading down, and is never an error.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import BYTES_LIMIT, Recipe, RecipeChunk
from regolo_git.store.files.contract import Data
from regolo_git.store.store import OnFailure, Store
from regolo_git.system_calls import open_ordinary, random_name

ROOM = 0.9  # of the limit, which is filled once there is no more room
LOOK_AFTER = 0.05  # of the limit, which a process adds before it looks what others have added
TOUCH_SECONDS = 60.0  # a file that is read again sooner is not marked as read again
STALE_SECONDS = 3600.0
TEMPORARY = "tmp-"


class _Entry(NamedTuple):
    used: float
    size: int
    path: str


class Cache:
    """Chunks and recipes in a directory of this machine; may be used from several threads and processes."""

    def __init__(self, directory: Path, limit: int) -> None:
        """Keeps at most `limit` bytes, or a little more while several processes add to it."""
        self._directory = directory
        self._limit = limit
        self._added: int | None = None  # since this process has looked; None: it has not yet
        self._lock = threading.Lock()

    def has(self, address: str, size: int) -> bool:
        """Whether something of this size is there; its bytes are not read."""
        try:
            return self._path(address).stat().st_size == size
        except OSError:
            return False

    def read(self, address: str, limit: int) -> bytes | None:
        """The bytes of an object if they are there and right, at most `limit` of them."""
        path = self._path(address)
        try:
            with os.fdopen(open_ordinary(path), "rb", buffering=0) as file:
                data = file.read(limit + 1)
                if time.time() - os.fstat(file.fileno()).st_mtime > TOUCH_SECONDS:
                    os.utime(file.fileno())
        except OSError:
            return None
        if len(data) <= limit and blake3_hex(data) == address:
            return data
        with suppress(OSError):
            path.unlink()
        return None

    def keep(self, address: str, data: Data) -> None:
        """Adds verified bytes, if there can be room for them."""
        if len(data) > self._limit:
            return
        with suppress(OSError):
            self._write(address, data)
            if self._is_full(len(data)):
                self._make_room()

    def _path(self, address: str) -> Path:
        return self._directory / address[:2] / address

    def _write(self, address: str, data: Data) -> None:
        path = self._path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._directory / f"{TEMPORARY}{random_name(8)}"
        try:
            temporary.write_bytes(data)
            temporary.rename(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _is_full(self, size: int) -> bool:
        """Counts what this process has added; whether it is time to look at the whole cache."""
        with self._lock:
            first = self._added is None
            self._added = (self._added or 0) + size
            if not first and self._added < self._limit * LOOK_AFTER:
                return False
            self._added = 0
            return True

    def _make_room(self) -> None:
        with self._alone():
            entries = sorted(self._entries())
            total = sum(entry.size for entry in entries)
            for entry in entries if total > self._limit else ():
                if total <= self._limit * ROOM:
                    break
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - thousands of them
                    total -= entry.size

    def _entries(self) -> Iterator[_Entry]:
        """Every object; temporary files that a killed process left are removed."""
        now = time.time()
        for place in list(os.scandir(self._directory)):
            if place.name.startswith(TEMPORARY):
                with suppress(OSError):
                    if now - place.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                        os.unlink(place.path)  # noqa: PTH108
            elif place.is_dir(follow_symlinks=False):
                for file in os.scandir(place.path):
                    with suppress(OSError):
                        status = file.stat(follow_symlinks=False)
                        yield _Entry(status.st_mtime, status.st_size, file.path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A block in which no other process makes room; it waits for one that does."""
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            with suppress(OSError):  # a filesystem without locks: then too much may go
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class CachedStore:
    """A store whose chunks and recipes are read from a cache where it has them; writes go to the store."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache

    @property
    def url(self) -> str:
        """See `Store.url`."""
        return self._store.url

    @property
    def connections(self) -> int:
        """See `Store.connections`."""
        return self._store.connections

    # -- chunks -------------------------------------------------------------------------------------------

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """See `Store.missing`: what is in the cache can be read."""
        wanted = [chunk for chunk in dict.fromkeys(chunks) if not self._cache.has(*chunk)]
        return self._store.missing(wanted) if wanted else []

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`: only what is not in the cache."""
        self._store.expect(recipe, [chunk for chunk in chunks if not self._cache.has(*chunk)])

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`."""
        return self._store.put_chunk(address, data)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`."""
        data = self._cache.read(address, len(view))
        if data is not None and len(data) == len(view):
            view[:] = data
            return
        self._store.read_chunk_into(address, view)
        self._cache.keep(address, view)

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """See `Store.read_chunks`."""
        left: list[RecipeChunk] = []
        for chunk in dict.fromkeys(chunks):
            data = self._cache.read(chunk.blake3, chunk.size)
            if data is None or len(data) != chunk.size:
                left.append(chunk)
            else:
                yield chunk, data
        for chunk, fetched in self._store.read_chunks(recipe, left, on_failure) if left else ():
            self._cache.keep(chunk.blake3, fetched)
            yield chunk, fetched

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """See `Store.has_recipe`."""
        return self._store.has_recipe(address)

    def recipe_names(self) -> set[str]:
        """See `Store.recipe_names`."""
        return self._store.recipe_names()

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        """See `Store.absent_recipes`."""
        return self._store.absent_recipes(addresses)

    def put_recipe(self, recipe: Recipe) -> Digest:
        """See `Store.put_recipe`."""
        return self._store.put_recipe(recipe)

    def read_recipe(self, address: Digest) -> Recipe:
        """See `Store.read_recipe`."""
        data = self._cache.read(address.hex, BYTES_LIMIT)
        if data is not None:
            return Recipe.parse(data)
        recipe = self._store.read_recipe(address)
        self._cache.keep(address.hex, recipe.to_bytes())
        return recipe

    # -- temporary files ----------------------------------------------------------------------------------

    def scratch_directory(self) -> Path | None:
        """See `Store.scratch_directory`."""
        return self._store.scratch_directory()

    def stale_temporaries(self) -> list[str]:
        """See `Store.stale_temporaries`."""
        return self._store.stale_temporaries()

    def remove_temporary(self, path: str) -> None:
        """See `Store.remove_temporary`."""
        self._store.remove_temporary(path)
