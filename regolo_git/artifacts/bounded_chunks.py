"""Chunks of a store, with a limit on the bytes read: for headers that are not worth more."""

from collections.abc import Iterable

from regolo_git.artifacts.stored_file import Chunks
from regolo_git.layouts.items import Malformed
from regolo_git.records.recipe import Recipe, RecipeChunk


class BoundedChunks:
    """The chunks of a store, up to `most` bytes of them; then reading raises Malformed."""

    def __init__(self, store: Chunks, most: int) -> None:
        self._store = store
        self._left = most

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`."""
        self._store.expect(recipe, chunks)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`."""
        self._left -= len(view)
        if self._left < 0:
            raise Malformed
        self._store.read_chunk_into(address, view)
