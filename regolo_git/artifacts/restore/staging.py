"""A directory beside a destination where files are written and verified before they are renamed into place.

It is locked while in use.  An unlocked one was left by a killed run, and the next run that writes there, or
`doctor`, removes it.  Git ignores it, so that nobody commits the leftovers of a killed run.
"""

import fcntl
import os
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from regolo_git.artifacts.source.walk import STAGING_PREFIX
from regolo_git.system_calls import make_durable, random_name, start_writing

FILES, OLD, TREE, HIDING = "files", "old", "tree", ".gitignore"
# The lock is taken just after the directory is created and before anything in it: an empty directory may be
# in use while it is young.
UNLOCKED_SECONDS = 10.0


def staging_name() -> str:
    """A new name for a staging directory."""
    return f"{STAGING_PREFIX}{random_name(6)}"


class Staging:
    """A context manager; leaving it removes the directory with its content."""

    def __init__(self, base: int, name: str | None = None) -> None:
        """Creates it in the directory of the open descriptor `base`, under a `staging_name`."""
        self._base = os.dup(base)
        self.name = name or staging_name()
        os.mkdir(self.name, 0o700, dir_fd=self._base)
        self._own = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._base)
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._hide_from_git()
            self.files = self._make(FILES)
            self.old = self._make(OLD)
        except BaseException:  # a full disk may have room for a directory but not for its files
            with suppress(OSError):
                shutil.rmtree(self.name, dir_fd=self._base)
            os.close(self._own)
            os.close(self._base)
            raise
        # Created with every permission, so the missing ones are those that the umask removes.
        self._allowed = stat.S_IMODE(os.fstat(self.files).st_mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            # What hides it from git goes last.
            for name in (FILES, OLD, TREE):
                shutil.rmtree(name, ignore_errors=True, dir_fd=self._own)
            shutil.rmtree(self.name, dir_fd=self._base)
        for descriptor in (self.files, self.old, self._own, self._base):
            os.close(descriptor)

    def make_tree(self) -> int:
        """Creates a directory for a whole new tree; returns a descriptor that the caller must close."""
        return self._make(TREE)

    def move_tree(self, directory: int, name: str) -> None:
        """Renames that directory; only an empty directory may exist at the destination."""
        os.rename(TREE, name, src_dir_fd=self._own, dst_dir_fd=directory)

    def write(self, number: int, offset: int, data: memoryview) -> None:
        """Writes a part of a file; safe to call from several threads."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(str(number), flags, 0o600, dir_fd=self.files)
        try:
            at = 0
            while at < len(data):
                at += os.pwrite(descriptor, data[at:], offset + at)
            # Start writing now instead of at the fsync: this halves the time of a large checkout.
            start_writing(descriptor, offset, len(data))
        finally:
            os.close(descriptor)

    def finish(self, number: int, mode: int) -> int:
        """Sets a file's permissions and time, and returns its modification time."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # an empty file was never written
        descriptor = os.open(str(number), flags, 0o600, dir_fd=self.files)
        try:
            now = time.time_ns()
            os.fchmod(descriptor, mode & self._allowed)
            os.utime(descriptor, ns=(now, now))
            if not mode & self._allowed & stat.S_IRUSR:  # it cannot be opened again
                make_durable(descriptor)
            return os.fstat(descriptor).st_mtime_ns
        finally:
            os.close(descriptor)

    def make_durable(self, number: int) -> None:
        """Returns once a finished file is on the disk."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(str(number), flags, dir_fd=self.files)
        except PermissionError:
            return  # its owner may not read it: `finish` has made it durable
        try:
            make_durable(descriptor)
        finally:
            os.close(descriptor)

    def _hide_from_git(self) -> None:
        descriptor = os.open(
            HIDING, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._own
        )
        try:
            os.write(descriptor, b"*\n")
        finally:
            os.close(descriptor)

    def _make(self, name: str) -> int:
        os.mkdir(name, 0o777, dir_fd=self._own)
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._own)


def stale_stagings(directory: Path) -> list[Path]:
    """The staging directories that killed runs left in a directory."""
    try:
        with os.scandir(directory) as entries:
            found = [Path(entry.path) for entry in entries if entry.name.startswith(STAGING_PREFIX)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(path for path in found if _is_stale(path))


def _holds_anything(descriptor: int) -> bool:
    with os.scandir(descriptor) as entries:
        return any(entries)


def remove_staging(path: Path) -> None:
    """Removes the staging directory of a killed run; what hides it from git goes last."""
    for name in (FILES, OLD, TREE):
        shutil.rmtree(path / name, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def _is_stale(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if time.time() - os.fstat(descriptor).st_mtime < UNLOCKED_SECONDS and not _holds_anything(descriptor):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
