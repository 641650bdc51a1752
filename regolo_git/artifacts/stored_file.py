"""One file of a stored artifact, read at any position: only the chunks that hold what is read are fetched."""

import io
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import cast

from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store


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
        self._store.expect(self._recipe, ())  # few of its chunks, and who knows which
        yield _Opened(self._store, self._recipe, self._start, self.size)

    def buffered(self) -> io.BufferedReader:
        """The file, opened for reads of any size; raises the same errors."""
        return io.BufferedReader(_Opened(self._store, self._recipe, self._start, self.size))


class _Opened(io.RawIOBase):
    def __init__(self, store: Store, recipe: Recipe, start: int, size: int) -> None:
        super().__init__()
        self._store = store
        self._chunks = recipe.chunks
        self._ends = list(accumulate(chunk.size for chunk in recipe.chunks))
        self._start = start
        self._size = size
        self._position = 0
        self._held: tuple[int, bytearray] = (-1, bytearray())

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
            chunk = self._chunks[number]
            content = bytearray(chunk.size)
            self._store.read_chunk_into(chunk.blake3, memoryview(content))
            self._held = (number, content)
        return self._held[1]
