"""A store that stops answering after some calls: it wraps another one, and is one itself."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from regolo_git.errors import TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Data
from regolo_git.store.store import OnFailure, Store


class FailingStore:
    """Answers `calls` calls that move bytes, from any thread, and then none."""

    def __init__(self, store: Store, calls: int) -> None:
        self._store = store
        self._left = calls
        self._lock = threading.Lock()

    def _count(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left < 0:
                raise TransportError(f"the store '{self.url}' failed: the connection is gone")

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def connections(self) -> int:
        return self._store.connections

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        return self._store.missing(chunks)

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        self._store.expect(recipe, chunks)

    def put_chunk(self, address: str, data: Data) -> bool:
        self._count()
        return self._store.put_chunk(address, data)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        self._count()
        self._store.read_chunk_into(address, view)

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        for chunk in self._store.read_chunks(recipe, chunks, on_failure):
            self._count()
            yield chunk

    def has_recipe(self, address: Digest) -> bool:
        return self._store.has_recipe(address)

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        return self._store.absent_recipes(addresses)

    def recipe_names(self) -> set[str]:
        return self._store.recipe_names()

    def put_recipe(self, recipe: Recipe) -> Digest:
        self._count()
        return self._store.put_recipe(recipe)

    def read_recipe(self, address: Digest) -> Recipe:
        self._count()
        return self._store.read_recipe(address)

    def scratch_directory(self) -> Path | None:
        return self._store.scratch_directory()

    def stale_temporaries(self) -> list[str]:
        return self._store.stale_temporaries()

    def remove_temporary(self, path: str) -> None:
        self._store.remove_temporary(path)
