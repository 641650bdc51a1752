"""An artifact as it looked at one moment, before it is stored: its files, and how to open them."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.records.recipe import Kind
from regolo_git.text.printable import printable

RawFile = io.RawIOBase | io.BytesIO
AGAIN = "wait until nothing writes to it, then try again"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its path in the artifact (empty for a single file), permissions and size in bytes.

    `location` and `stamp` say where it is on disk and what it looked like; None for what is in memory.
    """

    path: str
    mode: int
    size: int
    location: Path | None
    stamp: FileStamp | None
    opener: Callable[[], RawFile]

    @contextmanager
    def opened(self) -> Iterator[RawFile]:
        """The file, unbuffered.

        Raises Conflict where it is not, or no longer when the block ends, the file that was seen.
        """
        try:
            file = self.opener()
        except FileNotFoundError:
            raise self.changed() from None
        except OSError as error:
            raise InvalidInput(f"'{self.name}' cannot be read: {error.strerror}") from error
        try:
            self._compare(file)
            yield file
            self._compare(file)
        finally:
            if self.location is not None:
                file.close()  # those in memory are the caller's

    @property
    def name(self) -> str:
        """What a message calls it."""
        return printable(str(self.location)) if self.location else self.path or "the data"

    def changed(self) -> Conflict:
        """The error that it changed."""
        return changed_while_read(self.name)

    def _compare(self, file: RawFile) -> None:
        if self.stamp is not None and FileStamp.of(os.fstat(file.fileno())) != self.stamp:
            raise self.changed()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of an artifact in the order of their paths, and where and when they were looked at."""

    kind: Kind
    files: tuple[SourceFile, ...]
    location: Path | None
    looked_at_ns: int

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def changed_while_read(name: str) -> Conflict:
    """The error that a file changed."""
    return Conflict(f"'{name}' changed while it was being read", AGAIN)
