"""The filesystem operations that a store needs, and their guarantees.

There are two implementations: `local.py` for a directory on this machine, `fsspec.py` for every filesystem
that fsspec supports.  A wrapper that counts, retries or limits calls implements the same protocol.  Paths are
relative, POSIX, and chosen by the store.  All methods may be called from several threads at once, and raise
OSError if the filesystem fails.

A pipe, a socket, a device or a directory in the place of a file has no size, and reading it raises
NotOrdinary.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

Data = bytes | memoryview
TEMPORARIES = "tmp"


class StoredFile(NamedTuple):
    """One file: its path in the store, its size in bytes, and when it was written (aware)."""

    path: str
    size: int
    modified: datetime


class Properties(NamedTuple):
    """Guarantees of a filesystem beyond the contract.

    `connections` is the useful number of concurrent calls.  With `atomic_create`, exactly one of several
    concurrent creators of a file gets True.  With `whole_writes`, a write needs no temporary file, because
    readers never see a partial file.  Without `lists`, as on a web server, `walk` and `names` fail.  With
    `views`, a memoryview is written without a copy of its bytes.
    """

    connections: int
    atomic_create: bool
    whole_writes: bool
    lists: bool = True
    views: bool = True


class Writer(Protocol):
    """One of several writers that put files which others may then find."""

    def count_on_it(self) -> None:
        """Tells the others permanently that this writer counts on files that it found or put.

        Raises OSError if it cannot tell them while one of them writes.
        """
        ...

    def is_alone(self) -> bool:
        """Whether nobody else writes, nor has counted on anything since this writer began.

        If so, no other writer begins before this one ends.  False where that cannot be known.
        """
        ...


class Files(Protocol):
    """A store's directory on a filesystem.

    Writing into a directory that is not there raises FileNotFoundError where directories exist.
    """

    @property
    def url(self) -> str:
        """Its name in messages."""
        ...

    @property
    def properties(self) -> Properties:
        """The guarantees of this filesystem, constant for the life of the object."""
        ...

    def create_root(self, rights: int = 0) -> None:
        """Creates the store's own directory, which no other method does; no error if it exists.

        `rights` are permissions that it must have beyond the umask's, where there are any.
        """
        ...

    def writer(self) -> AbstractContextManager[Writer]:
        """A new writer, until the block ends.

        It first removes what killed writers left, where that is cheap.
        """
        ...

    def put(self, path: str, data: Data) -> bool:
        """Stores a content-addressed file; False if it was already there with that size.

        Readers see the whole file or none, even after a crash; a file of another size is replaced.  The call
        is idempotent.  The caller may change the data once it returns.
        """
        ...

    def write(self, path: str, data: Data) -> None:
        """Stores a file, or replaces one, without asking first whether it is there.

        Readers see the former file or the new one, each whole.  The call is idempotent, and of several
        concurrent writers one is the last.  The caller may change the data once it returns.
        """
        ...

    def create(self, path: str, data: Data) -> bool:
        """Writes a file unless it exists; False if it does.  Readers see the whole file or none.

        An existing file is never replaced, and of several concurrent creators only one gets True, but both
        hold only with `properties.atomic_create`.
        """
        ...

    def settle(self) -> None:
        """Returns once everything that this object has put or created is durable."""
        ...

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """The size of each file in bytes, in the order of the paths; None for a missing file."""
        ...

    def exists(self, path: str) -> bool:
        """Whether anything has this path, a file or not."""
        ...

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer only at the end of the file.  Raises FileNotFoundError."""
        ...

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Each range (offset, length) as `read_range` gives it, in the order of the ranges.

        They may overlap.  Ranges that are near to each other are read at once (`ranges.py`), and the memory
        is that of all of them and the gaps.  Raises FileNotFoundError.
        """
        ...

    def read_into(self, path: str, view: memoryview) -> bool:
        """Fills the view with a file of exactly its size; False (and anything in the view) for another size.

        Raises FileNotFoundError.
        """
        ...

    def move(self, path: str, to: str) -> None:
        """Renames a file.  Raises FileNotFoundError."""
        ...

    def remove(self, path: str) -> None:
        """Deletes a file; a missing file is not an error."""
        ...

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """Every file below a directory, in any order; none if it does not exist."""
        ...

    def names(self, directory: str) -> Iterator[str]:
        """The last part of the path of every file below a directory, in any order."""
        ...

    def scratch_directory(self) -> Path | None:
        """A local directory on the same disk, created if needed; None for a remote filesystem."""
        ...

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """Files that an interrupted `put` or `create` left behind."""
        ...
