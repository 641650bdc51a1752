"""A snapshot of an artifact before it is stored: its files and how to open them."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.errors import Conflict, InvalidInput, RegoloError, TransportError
from regolo_git.records.recipe import Kind
from regolo_git.system_calls import open_ordinary, read_whole
from regolo_git.system_errors import hint_of, is_exhausted, reason_of
from regolo_git.text.printable import printable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

RawFile = io.RawIOBase | io.BytesIO
AGAIN = "wait until nothing writes to it, then try again"


class DiskFile(io.FileIO):
    """An ordinary file that is read without a buffer; raises InvalidInput where reading it fails."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "rb", opener=lambda name, _: open_ordinary(name))
        self._path = path

    def read(self, size: int | None = -1) -> bytes:
        """Reads up to `size` of the next bytes, all by default."""
        try:
            return super().read(-1 if size is None else size)
        except OSError as error:
            raise unreadable(printable(self._path), error) from error

    def readinto(self, buffer: "Buffer") -> int | None:
        """Reads the next bytes into a buffer; returns their number, 0 at the end."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise unreadable(printable(self._path), error) from error


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its path in the artifact (empty for a single file), permissions and size in bytes.

    `location` is its path on disk and `stamp` its status; both are None for data in memory.
    """

    path: str
    mode: int
    size: int
    location: str | None
    stamp: FileStamp | None
    opener: Callable[[], RawFile]

    def head(self, count: int) -> bytes:
        """Its first bytes, without checking whether it changed: reading all of it will show that.

        Raises what `opened` raises.
        """
        if self.location is not None:
            with suppress(OSError):
                descriptor = os.open(self.location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                try:
                    return os.read(descriptor, count)
                finally:
                    os.close(descriptor)
        with self.opened() as file:
            file.seek(0)
            return file.read(count) or b""

    @contextmanager
    def opened(self) -> Iterator[RawFile]:
        """The file, unbuffered.

        Raises Conflict if it has changed since the snapshot, or changes before the block ends.
        """
        try:
            file = self.opener()
        except FileNotFoundError:
            raise self.changed() from None
        except OSError as error:
            raise unreadable(self.name, error) from error
        try:
            self._compare(file)
            yield file
            self._compare(file)
        finally:
            if self.location is not None:
                file.close()  # files in memory belong to the caller

    def load(self, view: memoryview) -> None:
        """Fills a view of its size with all of its bytes: a quick way for small files.

        Raises what reading it raises when it is `opened`.
        """
        if self.location is None:
            with self.opened() as file:
                file.seek(0)
                if fill(file, view) != self.size:
                    raise self.changed()
        elif self._load(self.location, view) != self.size:
            raise self.made_up()

    @property
    def name(self) -> str:
        """Its name in messages."""
        return printable(self.location) if self.location else self.path or "the data"

    def other_size(self, file: RawFile) -> RegoloError:
        """The error for an open file that has fewer or more bytes than its status says."""
        if self.stamp is None or not self._is_still(os.fstat(file.fileno())):
            return self.changed()
        return self.made_up()

    def made_up(self) -> InvalidInput:
        """The error for a file that a system makes up while it is read (`/proc`, `/sys`)."""
        return InvalidInput(
            f"'{self.name}' does not have the {self.size} bytes that its filesystem says",
            "copy it, and store the copy",
        )

    def changed(self) -> Conflict:
        """The error for a change of this file."""
        return changed_while_read(self.name)

    def _load(self, location: str, view: memoryview) -> int:
        try:
            descriptor = open_ordinary(location)
            try:
                size = read_whole(descriptor, view)
                if not self._is_still(os.fstat(descriptor)):
                    raise self.changed()
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise self.changed() from None
        except OSError as error:
            raise unreadable(self.name, error) from error
        return size

    def _compare(self, file: RawFile) -> None:
        if self.stamp is not None and not self._is_still(os.fstat(file.fileno())):
            raise self.changed()

    def _is_still(self, status: os.stat_result) -> bool:
        return FileStamp.of(status) == self.stamp


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of an artifact sorted by path, with its location and the time of the snapshot.

    `left_out` are the paths that the patterns `exclude` and the default ones left out.
    """

    kind: Kind
    files: tuple[SourceFile, ...]
    location: Path | None
    looked_at_ns: int
    exclude: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(file.size for file in self.files)


def fill(file: RawFile, view: memoryview) -> int:
    """Fills a view with the next bytes of a file; returns their number, fewer only at its end."""
    at = 0
    while at < len(view):
        count = file.readinto(view[at:])
        if not count:
            break
        at += count
    return at


def unreadable(name: str, error: OSError, hint: str | None = None) -> RegoloError:
    """The error for a file or directory that cannot be opened or read."""
    text = f"'{name}' cannot be read: {reason_of(error)}"
    return TransportError(text, hint_of(error)) if is_exhausted(error) else InvalidInput(text, hint)


def changed_while_read(name: str) -> Conflict:
    """The error for a file that changed while it was read."""
    return Conflict(f"'{name}' changed while it was being read", AGAIN)
