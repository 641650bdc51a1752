"""From chunks to files: fetches each chunk, verifies it, and hands its bytes to where they belong.

The reverse of `cutting.py`, on the same lanes: any thread fetches and places chunks, one computes the files'
digests in order where they are wanted.
"""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from regolo_git.errors import IntegrityError
from regolo_git.records.digests import Digest, Hasher, new_hasher
from regolo_git.records.names import printable
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.repository.lanes import Lanes
from regolo_git.store.store import Store

Place = Callable[[int, int, memoryview], None]
FSCK = "git regolo fsck"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a chunk that belongs to one file: the file's number, and where in both it begins."""

    file: int
    file_offset: int
    chunk_offset: int
    size: int


def slices(recipe: Recipe, wanted: Collection[int]) -> Iterator[tuple[RecipeChunk, list[Slice]]]:
    """Each chunk that a wanted file has bytes in, in order, with what belongs to the wanted files."""
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


def rebuild(
    store: Store,
    recipe: Recipe,
    wanted: Collection[int],
    lanes: Lanes,
    *,
    place: Place | None,
    check_digests: bool,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Hands every byte of the wanted files to `place(file number, offset, bytes)`, from several threads.

    Returns when all is placed and, if `check_digests`, every file has the digest that the recipe gives it.
    `on_progress` is told how many bytes are under way so far.  Raises NotFound, IntegrityError,
    TransportError, and what `place` raises.
    """
    hashers = {number: new_hasher(recipe.files[number].digest.algorithm) for number in wanted}
    done = 0
    for chunk, parts in slices(recipe, wanted):
        buffer = lanes.buffer()
        view = buffer[: chunk.size]
        fetched = lanes.anywhere(_fetch, store, chunk, view, parts, place)
        tasks: list[Future[None]] = [fetched]
        if check_digests:
            tasks.append(lanes.in_order(_hash, fetched, view, parts, hashers))
        lanes.release(buffer, *tasks)
        done += sum(part.size for part in parts)
        if on_progress:
            on_progress(done)
    lanes.finish()
    if check_digests:
        for number, hasher in hashers.items():
            _compare(recipe.files[number], hasher)


def _fetch(
    store: Store, chunk: RecipeChunk, view: memoryview, parts: list[Slice], place: Place | None
) -> None:
    store.read_chunk_into(chunk.blake3, view)
    if place:
        for part in parts:
            place(part.file, part.file_offset, view[part.chunk_offset : part.chunk_offset + part.size])


def _hash(fetched: "Future[None]", view: memoryview, parts: list[Slice], hashers: dict[int, Hasher]) -> None:
    fetched.result()
    for part in parts:
        hashers[part.file].update(view[part.chunk_offset : part.chunk_offset + part.size])


def _compare(file: RecipeFile, hasher: Hasher) -> None:
    if Digest(file.digest.algorithm, hasher.hexdigest()) != file.digest:
        what = f"'{printable(file.path)}'" if file.path else "the artifact"
        raise IntegrityError(
            f"{what} as its chunks rebuild it does not have its digest '{file.digest}'", FSCK
        )
