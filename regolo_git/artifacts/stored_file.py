"""Files of a stored artifact, read at any position: only the chunks that hold what is read are fetched.

A reader that goes on in order will want what follows, so the store is told to expect more and more of it: a
store that has chunks in packs reads them together.
"""

import errno
import io
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Protocol, cast

from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.system_calls import new_memory

MOST_AHEAD = 64  # chunks


class Chunks(Protocol):
    """The part of a store that reading a file needs."""

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`."""
        ...

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`."""
        ...


class StoredFile:
    """A file by its number in a recipe, to be opened like a file on disk."""

    def __init__(self, store: Chunks, recipe: Recipe, number: int) -> None:
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

    def buffered(self) -> "SizedReader":
        """The file, opened for reads of any size; raises the same errors."""
        return SizedReader(_Opened(self._store, self._recipe, self._start, self.size), self.size)

    def run(self, start: int | None, end: int | None) -> tuple[int, int]:
        """A slice of the file, as an offset in the artifact and a size; negative ends count from the end."""
        first, last, _ = slice(start, end).indices(self.size)
        return self._start + first, max(0, last - first)


class SizedReader(io.BufferedReader):
    """A file that knows its size, as those of fsspec do."""

    def __init__(self, raw: io.RawIOBase, size: int) -> None:
        super().__init__(raw)
        self.size = size


def open_all_files(store: Chunks, recipe: Recipe) -> io.BufferedReader:
    """The files of a recipe one after another, as one file: a chunk that several share is read once."""
    return io.BufferedReader(_Opened(store, recipe, 0, recipe.size))


class _Opened(io.RawIOBase):
    def __init__(self, store: Chunks, recipe: Recipe, start: int, size: int) -> None:
        super().__init__()
        self._store = store
        self._recipe = recipe
        self._chunks = recipe.chunks
        self._ends = list(accumulate(chunk.size for chunk in recipe.chunks))
        self._start = start
        self._size = size
        self._position = 0
        self._last = bisect_right(self._ends, start + size - 1)
        self._buffer = memoryview(bytearray())  # the memory of each chunk in turn
        self._held = (-1, self._buffer)
        self._told = 0  # the first chunk that the store does not expect
        self._ahead = 0  # how many chunks it was told of

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        if whence not in starts:
            raise ValueError(f"whence value {whence} unsupported")
        if starts[whence] + offset < 0:  # as files on disk do: readers try whether there is so much before
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._position = starts[whence] + offset
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

    def _chunk(self, number: int) -> memoryview:
        if self._held[0] != number:
            self._tell_what_follows(number)
            chunk = self._chunks[number]
            self._held = (-1, self._buffer)
            if len(self._buffer) < chunk.size:
                self._buffer = new_memory(chunk.size)
            content = self._buffer[: chunk.size]
            self._store.read_chunk_into(chunk.blake3, content)
            self._held = (number, content)
        return self._held[1]

    def _tell_what_follows(self, number: int) -> None:
        follows = number == self._held[0] + 1 and self._ahead
        if follows and number < self._told:
            return
        self._ahead = min(2 * self._ahead, MOST_AHEAD) if follows else 1
        self._told = min(number + self._ahead, self._last + 1)
        self._store.expect(self._recipe, self._chunks[number : self._told])
