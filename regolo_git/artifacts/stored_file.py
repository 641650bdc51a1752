"""One file of a stored artifact, read at any position: only the chunks that hold what is read are fetched.

Whoever reads on in order will want what follows, so the store is told of ever more of it: a store that has
chunks in packs reads them together.
"""

import io
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import NamedTuple, cast

from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store

MOST_AHEAD = 64  # chunks


class _Piece(NamedTuple):
    """A part of a chunk, and where it belongs in one of several ranges."""

    number: int
    at: int
    start: int  # in the chunk
    end: int


class StoredFile:
    """A file by its number in a recipe, to be opened like a file on disk."""

    def __init__(self, store: Store, recipe: Recipe, number: int) -> None:
        self._store = store
        self._recipe = recipe
        self._start = sum(file.size for file in recipe.files[:number])
        self.path = recipe.files[number].path
        self.size = recipe.files[number].size

    def head(self, count: int) -> bytes:
        """Its first bytes."""
        with self.opened() as file:
            return file.read(count) or b""

    @contextmanager
    def opened(self) -> Iterator[io.RawIOBase]:
        """The file, seekable.  Reading raises NotFound, IntegrityError, TransportError."""
        yield _Opened(self._store, self._recipe, self._start, self.size)

    def buffered(self) -> io.BufferedReader:
        """The file, opened for reads of any size; raises the same errors."""
        return io.BufferedReader(_Opened(self._store, self._recipe, self._start, self.size))

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes from a start to an end, for several ranges inside the file; each chunk is read once.

        Raises NotFound, IntegrityError, TransportError.
        """
        found = [bytearray(max(0, end - start)) for start, end in ranges]
        pieces = self._pieces(ranges)
        for chunk, data in self._store.read_chunks(self._recipe, list(pieces)):
            view = memoryview(data)
            for number, at, start, end in pieces[chunk]:
                found[number][at : at + end - start] = view[start:end]
        return [bytes(content) for content in found]

    def _pieces(self, ranges: Sequence[tuple[int, int]]) -> dict[RecipeChunk, list[_Piece]]:
        chunks = self._recipe.chunks
        ends = list(accumulate(chunk.size for chunk in chunks))
        pieces: dict[RecipeChunk, list[_Piece]] = defaultdict(list)
        for number, (start, end) in enumerate(ranges):
            at, stop = self._start + start, self._start + end
            while at < stop:
                which = bisect_right(ends, at)
                begins, until = ends[which] - chunks[which].size, min(stop, ends[which])
                pieces[chunks[which]].append(
                    _Piece(number, at - self._start - start, at - begins, until - begins)
                )
                at = until
        return pieces


class _Opened(io.RawIOBase):
    def __init__(self, store: Store, recipe: Recipe, start: int, size: int) -> None:
        super().__init__()
        self._store = store
        self._recipe = recipe
        self._chunks = recipe.chunks
        self._ends = list(accumulate(chunk.size for chunk in recipe.chunks))
        self._start = start
        self._size = size
        self._position = 0
        self._last = bisect_right(self._ends, start + size - 1)
        self._held: tuple[int, bytearray] = (-1, bytearray())
        self._told = 0  # the first chunk that the store does not expect
        self._ahead = 0  # how many chunks it was told of

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        wanted = min(len(view), self._size - self._position)
        if wanted <= 0:
            return 0
        at = self._start + self._position
        number = bisect_right(self._ends, at)
        chunk = self._chunk(number)
        inside = at - (self._ends[number] - len(chunk))
        data = chunk[inside : inside + wanted]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _chunk(self, number: int) -> bytearray:
        if self._held[0] != number:
            self._tell_what_follows(number)
            chunk = self._chunks[number]
            content = bytearray(chunk.size)
            self._store.read_chunk_into(chunk.blake3, memoryview(content))
            self._held = (number, content)
        return self._held[1]

    def _tell_what_follows(self, number: int) -> None:
        follows = number == self._held[0] + 1 and self._ahead
        if follows and number < self._told:
            return
        self._ahead = min(2 * self._ahead, MOST_AHEAD) if follows else 1
        self._told = min(number + self._ahead, self._last + 1)
        self._store.expect(self._recipe, self._chunks[number : self._told])
