"""The few verbs that a store needs of a filesystem, and what each of them promises.

Two kinds keep the promises: `local.py` for a directory of this machine, `fsspec.py` for all that fsspec
reaches.  What counts, retries or limits calls wraps a filesystem and is one itself.  Paths are relative,
POSIX, and chosen by the store.  All verbs may be called from several threads at once, and raise OSError for
what the filesystem refuses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

Data = bytes | memoryview
TEMPORARIES = "tmp"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file: its path in the store, its size in bytes, and when it was written (aware)."""

    path: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Properties:
    """What a caller can count on beyond the contract.

    `connections` is how many calls at once are useful.  With `atomic_create`, exactly one of several that
    create a file at once is told that it did.  With `whole_writes`, a write needs no temporary file, because
    nobody sees half of it.
    """

    connections: int
    atomic_create: bool
    whole_writes: bool


class Files(Protocol):
    """The directory of a filesystem that a store is in."""

    @property
    def url(self) -> str:
        """What a message calls it."""
        ...

    @property
    def properties(self) -> Properties:
        """What this filesystem can do; the same for as long as the object lives."""
        ...

    def put(self, path: str, data: Data) -> bool:
        """Makes sure that a file whose path names its content is there; False if it was, with that size.

        Readers see it whole or not at all, also after a crash; a file of another size is replaced.  Doing it
        again changes nothing.  The data may change once this returns.
        """
        ...

    def create(self, path: str, data: Data) -> bool:
        """Writes a file only if there is none; False if there was.  Seen whole or not at all.

        A file that is there is never replaced; of several that create it at once, only one is told True,
        unless `properties.atomic_create` says that this cannot be had.
        """
        ...

    def settle(self) -> None:
        """Returns once everything that this object has put or created would outlive a power cut."""
        ...

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """Bytes of each file, in the order of the paths; None where there is none."""
        ...

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer only where the file ends.  Raises FileNotFoundError."""
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
        """Deletes a file; one that is not there is not an error."""
        ...

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """Every file below, in any order; a directory that is not there has none."""
        ...

    def scratch_directory(self) -> Path | None:
        """A directory of this machine on the same disk, created if need be; None where it is another's."""
        ...

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """Files that an interrupted `put` or `create` left and nobody is writing any more."""
        ...
