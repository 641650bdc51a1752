"""Runs of an artifact's bytes, as parts of its chunks."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from regolo_git.records.recipe import Recipe, RecipeChunk


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
