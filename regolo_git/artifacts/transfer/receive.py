"""Fetching chunks of an artifact into the store of a clone, grouped and verified.

What is already there is not fetched, so a transfer that broke goes on where it stopped.  The recipe comes
last.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.artifacts.transfer.in_flight import InFlight
from regolo_git.records.recipe import CHUNK_LIMIT, Recipe, RecipeChunk
from regolo_git.store.files.contract import Data
from regolo_git.store.store import Store

# What waits to be written.  What is being fetched is the source's to limit.
WRITE_BUDGET = 2 * CHUNK_LIMIT


class Source(Protocol):
    """A store that reads many chunks with few requests."""

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk]
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """The verified bytes of chunks of a recipe, in any order."""
        ...


class Received(NamedTuple):
    """The chunks that were fetched, and their bytes."""

    chunks: int
    size: int


def receive(
    source: Source,
    target: Store,
    recipe: Recipe,
    chunks: Iterable[RecipeChunk] | None = None,
    *,
    on_progress: OnProgress = ignore_progress,
) -> Received:
    """Fetches those of some chunks (default: all of the recipe) that the target lacks, then puts the recipe.

    `on_progress` counts the bytes of all of them; those that the target had are *found*.  Raises NotFound,
    IntegrityError, TransportError; what had arrived stays.
    """
    wanted = list(dict.fromkeys(recipe.chunks if chunks is None else chunks))
    absent = target.missing(wanted)
    total = sum(chunk.size for chunk in wanted)
    size = sum(chunk.size for chunk in absent)
    progress = Progress(total=total).advanced(total - size, found=total - size)
    on_progress(progress)
    if absent:
        with InFlight(target.connections, WRITE_BUDGET) as writing:
            for chunk, data in source.read_chunks(recipe, absent):
                writing.submit(len(data), partial(target.put_chunk, chunk.blake3, data))
                del data  # or this loop would hold it while it waits for the next
                progress = progress.advanced(chunk.size)
                on_progress(progress)
            writing.finish()
    if absent or not target.has_recipe(recipe.address):
        target.put_recipe(recipe)
    return Received(len(absent), size)
