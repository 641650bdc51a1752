"""Runs of an artifact's bytes, as parts of its chunks."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store


class Span(NamedTuple):
    """A part of a chunk."""

    chunk: RecipeChunk
    start: int
    stop: int


class Spans:
    """The chunks of a recipe by the bytes that they hold."""

    def __init__(self, recipe: Recipe) -> None:
        self._chunks = recipe.chunks
        self._ends = list(accumulate(chunk.size for chunk in recipe.chunks))

    def of(self, offset: int, size: int) -> Iterator[Span]:
        """The parts that hold `size` bytes from an offset of the artifact on, in order."""
        number, stop = bisect_right(self._ends, offset), offset + size
        while offset < stop:
            chunk = self._chunks[number]
            first = self._ends[number] - chunk.size
            end = min(stop, self._ends[number])
            yield Span(chunk, offset - first, end - first)
            offset, number = end, number + 1


def read_runs(store: Store, recipe: Recipe, runs: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of runs of an artifact, each an offset and a size; each chunk is read once.

    Raises NotFound, IntegrityError, TransportError.
    """
    spans, found = Spans(recipe), [bytearray(size) for _, size in runs]
    places: dict[RecipeChunk, list[tuple[int, int, Span]]] = defaultdict(list)
    for number, (offset, size) in enumerate(runs):
        at = 0
        for span in spans.of(offset, size):
            places[span.chunk].append((number, at, span))
            at += span.stop - span.start
    for chunk, data in store.read_chunks(recipe, list(places)):
        view = memoryview(data)
        for number, at, span in places[chunk]:
            found[number][at : at + span.stop - span.start] = view[span.start : span.stop]
    return [bytes(content) for content in found]
