"""A store's directory on this machine: whole and durable writes.

A write goes to `tmp/`, is fsynced, and is renamed, so that no crash leaves a partial chunk under its address.
Everybody who may use the root may read it: a umask does not shut out a group.
Chunks of a megabyte or more bypass the page cache (O_DIRECT) in a clone's own store: the cache already has
the file that they come from, and a second copy costs time for copying and for allocating pages while hashing
needs both cores.  What is pushed to a shared directory stays in the cache, for those who pull it from there.

This module does not use fsspec, whose import takes 90 ms, a third of the time of a short command.
"""

import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from regolo_git.store.files.contract import TEMPORARIES, Data, Properties, StoredFile, Writer
from regolo_git.store.files.directories import Directories
from regolo_git.store.files.writers import LocalWriter, OneOfMany
from regolo_git.system_calls import DIRECT, NotOrdinary, make_durable, open_ordinary, random_name

# Three threads hash and write; one of them mostly waits for the disk.
PROPERTIES = Properties(connections=3, atomic_create=True, whole_writes=False)
DIRECT_FROM = 1 << 20
DIRECT_UNIT = 4096
# Its writer locks a temporary file, except in the moment between creating and locking it, when it is empty.
UNLOCKED_SECONDS = 10.0
LOCK = "lock"


class LocalFiles:
    """Files below one directory; with `cached`, whatever is written stays in the page cache."""

    def __init__(self, root: Path, *, cached: bool = False) -> None:
        self._root = root
        self._direct_from = DIRECT_FROM if DIRECT and not cached else sys.maxsize
        self._directories = Directories(root)

    @property
    def url(self) -> str:
        """The directory's path."""
        return str(self._root)

    @property
    def properties(self) -> Properties:
        """See `Files.properties`."""
        return PROPERTIES

    def create_root(self, rights: int = 0) -> None:
        """See `Files.create_root`."""
        self._directories.create_root(rights)

    def writer(self) -> AbstractContextManager[Writer]:
        """See `Files.writer`."""
        for file in self.stale_temporaries():
            with suppress(OSError):
                self.remove(file.path)
        rights = stat.S_IMODE(self._root.stat().st_mode) & 0o066
        try:
            return LocalWriter(self._root / LOCK, rights | 0o600)
        except FileNotFoundError:  # nobody may write here
            self._root.stat()
            return nullcontext(OneOfMany())

    def put(self, path: str, data: Data) -> bool:
        """See `Files.put`."""
        # Even if the file exists: another process may have put it without settling yet, and the machine may
        # fail after this process has named it in a recipe.
        self._directories.remember((self._root / path).parent)
        if self._size_of(path) == len(data):
            return False
        self.write(path, data)
        return True

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        target = self._root / path
        self._directories.remember(target.parent)
        with self._written(data) as temporary:
            self._directories.act_in(target.parent, partial(temporary.rename, target))

    def create(self, path: str, data: Data) -> bool:
        """See `Files.create`."""
        target = self._root / path
        self._directories.remember(target.parent)
        with self._written(data) as temporary:
            try:
                self._directories.act_in(target.parent, partial(os.link, temporary, target))
            except FileExistsError:
                return False
        return True

    def settle(self) -> None:
        """See `Files.settle`."""
        self._directories.settle()

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """See `Files.sizes`."""
        return [self._size_of(path) for path in paths]

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return os.path.lexists(f"{self._root}/{path}")

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Files.read_range`."""
        with os.fdopen(open_ordinary(self._root / path), "rb") as file:
            file.seek(offset)
            return file.read(length)

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """See `Files.read_ranges`."""
        from regolo_git.store.files.ranges import read_by_spans  # noqa: PLC0415 - chunks are read whole

        with os.fdopen(open_ordinary(self._root / path), "rb") as file:

            def read(span: tuple[int, int]) -> bytes:
                file.seek(span[0])
                return file.read(span[1])

            return read_by_spans(ranges, read)

    def read_into(self, path: str, view: memoryview) -> bool:
        """See `Files.read_into`."""
        with os.fdopen(open_ordinary(self._root / path), "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != len(view):
                return False
            at = 0
            while at < len(view):
                count = file.readinto(view[at:])
                if not count:
                    return False
                at += count
        return True

    def move(self, path: str, to: str) -> None:
        """See `Files.move`."""
        target = self._root / to
        self._directories.act_in(target.parent, partial((self._root / path).rename, target))

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        (self._root / path).unlink(missing_ok=True)

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`."""
        for top, _, names in os.walk(self._root / directory, onerror=_raise_unless_missing):
            for name in names:
                place = Path(top, name)
                with suppress(FileNotFoundError):  # removed meanwhile
                    status = place.lstat()
                    modified = datetime.fromtimestamp(status.st_mtime, UTC)
                    yield StoredFile(place.relative_to(self._root).as_posix(), status.st_size, modified)

    def names(self, directory: str) -> Iterator[str]:
        """See `Files.names`."""
        walk = os.walk(self._root / directory, onerror=_raise_unless_missing)
        return (name for _, _, names in walk for name in names)

    def scratch_directory(self) -> Path | None:
        """See `Files.scratch_directory`."""
        directory = self._root / TEMPORARIES
        return self._directories.act_in(directory, lambda: directory)

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """See `Files.stale_temporaries`: the unlocked ones."""
        for file in self.walk(TEMPORARIES):
            young = time.time() - file.modified.timestamp() < UNLOCKED_SECONDS
            unlocked = young and self._size_of(file.path) == 0
            if not unlocked and not _is_locked(self._root / file.path):
                yield file

    def _size_of(self, path: str) -> int | None:
        try:
            status = os.stat(f"{self._root}/{path}")  # noqa: PTH116 - half the time, of many files
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a circle of links
                return None
            raise
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    # -- writing ------------------------------------------------------------------------------------------

    @contextmanager
    def _written(self, data: Data) -> Iterator[Path]:
        """A durable file in `tmp/` with this content; deleted when the block ends, unless renamed."""
        temporary = self._root / TEMPORARIES / f"{os.getpid()}-{random_name(8)}"
        try:
            descriptor = self._open_new(temporary)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._share(descriptor)
                self._write_whole(descriptor, memoryview(data))
                make_durable(descriptor)
                yield temporary
            finally:
                os.close(descriptor)
        finally:
            temporary.unlink(missing_ok=True)

    def _open_new(self, path: Path) -> int:
        # Read-only like Git's objects, against accidental changes.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o444)
        except FileNotFoundError:
            return self._directories.act_in(path.parent, partial(os.open, path, flags, 0o444))

    def _write_whole(self, descriptor: int, view: memoryview) -> None:
        at = _write_direct(descriptor, view) if len(view) >= self._direct_from else 0
        while at < len(view):
            at += os.write(descriptor, view[at:])

    def _share(self, descriptor: int) -> None:
        """Lets everybody read a file who may read the root, whatever the umask of this process."""
        wanted = stat.S_IMODE(self._root.stat().st_mode) & 0o044 | 0o400
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != wanted:
            with suppress(PermissionError):  # a filesystem without permissions
                os.fchmod(descriptor, wanted)


def _raise_unless_missing(error: OSError) -> None:
    """A directory that cannot be listed is not an empty one."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _write_direct(descriptor: int, view: memoryview) -> int:
    """Writes as much as possible past the page cache; returns the number of bytes written.

    Support and alignment differ between filesystems, so it is tried; the caller writes the rest normally.
    """
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    end = len(view) - len(view) % DIRECT_UNIT
    at = 0
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | DIRECT)
        while at < end:
            at += os.write(descriptor, view[at:end])
            if at % DIRECT_UNIT:
                break
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)
    return at


def _is_locked(path: Path) -> bool:
    try:
        descriptor = open_ordinary(path)
    except NotOrdinary:
        return False  # no writer creates one
    except (FileNotFoundError, PermissionError):
        return True  # finished meanwhile, or of another user
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
