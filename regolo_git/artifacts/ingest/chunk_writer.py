"""Writing chunks to the store, and hashing them for the digests of their files.

Chunks are listed in the order in which they are written, whichever thread finishes first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from regolo_git.artifacts.thread_pool import Task, ThreadPool
from regolo_git.records.digests import Hasher, blake3_hex
from regolo_git.records.recipe import RecipeChunk
from regolo_git.store.files.contract import Data


class TakesChunks(Protocol):
    """The part of a store that cutting needs."""

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`."""
        ...


@dataclass(slots=True)
class Piece:
    """A part of a chunk, and the digest of the file that it belongs to."""

    hasher: Hasher
    start: int
    stop: int


class StoredChunk(NamedTuple):
    """A chunk in the store; `new` if it was not there before."""

    chunk: RecipeChunk
    new: bool


Reads = tuple[Task[StoredChunk], *tuple[Task[None], ...]]


class ChunkWriter:
    """Writes the chunks of one artifact."""

    def __init__(self, store: TakesChunks, pool: ThreadPool) -> None:
        self._store = store
        self._pool = pool
        self._chunks: list[Task[StoredChunk] | RecipeChunk] = []
        self._found = 0
        self._counted = 0

    def __len__(self) -> int:
        return len(self._chunks)

    def write(self, view: memoryview, pieces: list[Piece]) -> Reads:
        """Submits a chunk, and returns the tasks that read its bytes."""
        stored = self._pool.submit(_store_chunk, self._store, view)
        self._chunks.append(stored)
        hashed = (self._pool.submit_in_order(_hash_pieces, view, pieces),) if pieces else ()
        return stored, *hashed

    def reuse(self, chunks: Iterable[RecipeChunk]) -> None:
        """Lists chunks that are already in the store."""
        self._chunks += chunks

    def found(self) -> int:
        """Bytes of chunks that were already in the store, up to the first unfinished chunk."""
        while self._counted < len(self._chunks):
            chunk = self._chunks[self._counted]
            if isinstance(chunk, RecipeChunk):
                self._found += chunk.size
            elif not chunk.done():
                break
            elif not chunk.result().new:
                self._found += chunk.result().chunk.size
            self._counted += 1
        return self._found

    def finish(self) -> tuple[tuple[RecipeChunk, ...], int]:
        """Waits for all chunks, and returns them with the number of new bytes.

        Raises the error of a failed task.
        """
        self._pool.finish()
        stored = [c if isinstance(c, RecipeChunk) else c.result() for c in self._chunks]
        new = {c.chunk.blake3: c.chunk.size for c in stored if isinstance(c, StoredChunk) and c.new}
        return tuple(c if isinstance(c, RecipeChunk) else c.chunk for c in stored), sum(new.values())


def _hash_pieces(view: memoryview, pieces: list[Piece]) -> None:
    for piece in pieces:
        piece.hasher.update(view[piece.start : piece.stop])


def _store_chunk(store: TakesChunks, view: memoryview) -> StoredChunk:
    address = blake3_hex(view)
    return StoredChunk(RecipeChunk(address, len(view)), store.put_chunk(address, view))
