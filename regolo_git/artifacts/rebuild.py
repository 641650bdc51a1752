"""Rebuilds files from chunks: fetches and verifies each chunk and writes its bytes to the files.

The reverse of `cutting.py`, on the same thread pool: the workers fetch and write chunks, and one thread
computes the digests of the files in order, if requested.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.artifacts.thread_pool import Task, ThreadPool
from regolo_git.errors import IntegrityError
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest, Hasher, new_hasher
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store.store import Store
from regolo_git.text.printable import printable

Write = Callable[[int, int, memoryview], None]
Deliver = Callable[[memoryview], object]
Fetch = Callable[[Recipe, Sequence[RecipeChunk]], object]
# Small chunks are grouped to a megabyte: a task for each would cost more than its work.
GROUP_BYTES = 1 << 20


def fetch_nothing(recipe: Recipe, chunks: Sequence[RecipeChunk]) -> None:
    """The default where chunks of a recipe are about to be read: the store has them."""


class Slice(NamedTuple):
    """A part of a chunk that belongs to one file: the file's number and the offset in each."""

    file: int
    file_offset: int
    chunk_offset: int
    size: int


def slices(recipe: Recipe, wanted: Collection[int]) -> Iterator[tuple[RecipeChunk, list[Slice]]]:
    """Each chunk that contains bytes of a wanted file, in order, with their slices."""
    files = iter(enumerate(recipe.files))
    number, left, done = -1, 0, 0
    for chunk in recipe.chunks:
        at = 0
        parts = []
        while at < chunk.size:
            while not left:
                number, file = next(files)
                left, done = file.size, 0
            size = min(left, chunk.size - at)
            if number in wanted:
                parts.append(Slice(number, done, at, size))
            at, left, done = at + size, left - size, done + size
        if parts:
            yield chunk, parts


def chunks_of(recipe: Recipe, wanted: Collection[int]) -> list[RecipeChunk]:
    """The chunks that contain bytes of a wanted file, in order."""
    return [chunk for chunk, _ in slices(recipe, wanted)]


class _Piece(NamedTuple):
    """A chunk, its part of a buffer, and its slices."""

    chunk: RecipeChunk
    view: memoryview
    parts: list[Slice]

    def slices(self) -> Iterator[tuple[Slice, memoryview]]:
        """Each part with its bytes."""
        for part in self.parts:
            yield part, self.view[part.chunk_offset : part.chunk_offset + part.size]


def _grouped(
    chunks: Iterator[tuple[RecipeChunk, list[Slice]]],
) -> Iterator[list[tuple[RecipeChunk, list[Slice]]]]:
    """The chunks in groups of up to `GROUP_BYTES`; each group fits into one buffer."""
    group: list[tuple[RecipeChunk, list[Slice]]] = []
    size = 0
    for chunk, parts in chunks:
        if group and size + chunk.size > GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append((chunk, parts))
        size += chunk.size
    if group:
        yield group


def rebuild(
    store: Store,
    recipe: Recipe,
    wanted: Collection[int],
    pool: ThreadPool,
    *,
    write: Write | None,
    check_digests: bool,
    deliver: Deliver | None = None,
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Passes every byte of the wanted files to `write(file number, offset, bytes)`, from several threads.

    `deliver` gets the verified bytes of the files one after another, from one thread.
    Returns when everything is written and, with `check_digests`, every file's digest was verified.
    `on_progress` counts submitted bytes.  Raises NotFound, IntegrityError, TransportError, and any error of
    `write`.
    """
    hashers = {number: new_hasher(recipe.files[number].digest.algorithm) for number in wanted}
    store.expect(recipe, (chunk for chunk, _ in slices(recipe, wanted)))
    progress = Progress(total=sum(recipe.files[number].size for number in wanted))
    for group in _grouped(slices(recipe, wanted)):
        buffer, at, pieces = pool.buffer(), 0, []
        for chunk, parts in group:
            pieces.append(_Piece(chunk, buffer[at : at + chunk.size], parts))
            at += chunk.size
        fetched = pool.submit(_fetch, store, pieces, write)
        tasks: list[Task[None]] = [fetched]
        if check_digests or deliver:
            tasks.append(pool.submit_in_order(_in_order, fetched, pieces, hashers, deliver))
        pool.release(buffer, *tasks)
        progress = progress.advanced(sum(part.size for _, parts in group for part in parts))
        on_progress(progress)
    pool.finish()
    if check_digests:
        for number, hasher in hashers.items():
            _compare(recipe.files[number], hasher)


def _fetch(store: Store, pieces: list[_Piece], write: Write | None) -> None:
    for piece in pieces:
        store.read_chunk_into(piece.chunk.blake3, piece.view)
        if write:
            for part, view in piece.slices():
                write(part.file, part.file_offset, view)


def _in_order(
    fetched: Task[None], pieces: list[_Piece], hashers: dict[int, Hasher], deliver: Deliver | None
) -> None:
    fetched.result()
    for piece in pieces:
        for part, view in piece.slices():
            hashers[part.file].update(view)
            if deliver:
                deliver(view)


def _compare(file: RecipeFile, hasher: Hasher) -> None:
    if Digest(file.digest.algorithm, hasher.hexdigest()) != file.digest:
        what = f"'{printable(file.path)}'" if file.path else "the artifact"
        raise IntegrityError(
            f"{what} was rebuilt with the wrong digest (expected '{file.digest}')", Hint("fsck")
        )
