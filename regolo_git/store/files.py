"""The few verbs that a store needs of a filesystem, and what each of them promises.

Two kinds keep the promises: `local_files.py` for a directory of this machine, `fsspec_files.py` for all that
fsspec reaches.  Paths are relative, POSIX, and made by the store itself.  All verbs may be called from
several threads at once, and raise OSError for what the filesystem refuses.
"""

from collections.abc import Iterator
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


class Files(Protocol):
    """A filesystem's directory that a store lies in."""

    @property
    def url(self) -> str:
        """What to call it in a message."""
        ...

    def put(self, path: str, data: Data) -> bool:
        """Makes sure that a file whose path says its content is there; False if it was, with that size.

        Seen whole or not at all, also by who reads meanwhile and after a crash; a file of another size is
        replaced.  Doing it again changes nothing.  The data may change once this returns.
        """
        ...

    def create(self, path: str, data: Data) -> bool:
        """Writes a file only if there is none; False if there was.  Seen whole or not at all."""
        ...

    def settle(self) -> None:
        """Returns once everything that this object has put or created would outlive a power cut."""
        ...

    def size_of(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """At most the first `limit` bytes.  Raises FileNotFoundError."""
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
        """Deletes a file; one that is not there is no error."""
        ...

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """Every file below, in any order; a directory that is not there has none."""
        ...

    def scratch_directory(self) -> Path | None:
        """A directory of this machine on the same disk, made if need be; None for other machines' disks."""
        ...

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """Files that an interrupted `put` or `create` left and nobody is writing any more."""
        ...
