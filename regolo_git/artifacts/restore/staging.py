"""A directory beside a destination where files are written and verified before they get their names.

It is locked while it is in use; one that is not locked was left by a killed run, and is removed by the next
run that writes to the same place, or by `doctor`.  Until then git does not see it, so that nobody commits
what a killed run left.
"""

import ctypes
import fcntl
import os
import secrets
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from regolo_git.artifacts.source.walk import STAGING_PREFIX

FILES, OLD, TREE, HIDING = "files", "old", "tree", ".gitignore"
# The lock comes a moment after the directory, and before anything in it: only the age of an empty one says
# whether somebody is at work.
UNLOCKED_SECONDS = 10.0
START_WRITING = 2  # SYNC_FILE_RANGE_WRITE
_start_writing = getattr(ctypes.CDLL(None), "sync_file_range", None)


class Staging:
    """A context manager; leaving it removes the directory and what is still in it."""

    def __init__(self, base: int) -> None:
        """Makes it in the directory of which `base` is an open descriptor."""
        self._base = os.dup(base)
        self.name = f"{STAGING_PREFIX}{secrets.token_hex(6)}"
        os.mkdir(self.name, 0o700, dir_fd=self._base)
        self._own = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._base)
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._hide_from_git()
            self.files = self._make(FILES)
            self.old = self._make(OLD)
        except BaseException:  # a disk that is full has room for a directory, and none for what is in it
            with suppress(OSError):
                shutil.rmtree(self.name, dir_fd=self._base)
            os.close(self._own)
            os.close(self._base)
            raise
        # Made with every permission, so what is missing from them is what the umask takes away.
        self._allowed = stat.S_IMODE(os.fstat(self.files).st_mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            shutil.rmtree(self.name, dir_fd=self._base)
        for descriptor in (self.files, self.old, self._own, self._base):
            os.close(descriptor)

    def make_tree(self) -> int:
        """Makes a directory for a whole new tree, and returns a descriptor of it, for the caller to close."""
        return self._make(TREE)

    def move_tree(self, directory: int, name: str) -> None:
        """Renames that directory; only an empty directory may be at its place."""
        os.rename(TREE, name, src_dir_fd=self._own, dst_dir_fd=directory)

    def write(self, number: int, offset: int, data: memoryview) -> None:
        """Writes a part of a file; from several threads at once."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(str(number), flags, 0o600, dir_fd=self.files)
        try:
            at = 0
            while at < len(data):
                at += os.pwrite(descriptor, data[at:], offset + at)
            if _start_writing:
                # The disk begins now instead of at the fsync: half the time of a large checkout.
                span = (ctypes.c_int64(offset), ctypes.c_int64(len(data)))
                _start_writing(descriptor, *span, START_WRITING)
        finally:
            os.close(descriptor)

    def finish(self, number: int, mode: int) -> int:
        """Gives a file its permissions and time, makes it durable, and returns the time that it now has."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # an empty file was never written
        descriptor = os.open(str(number), flags, 0o600, dir_fd=self.files)
        try:
            now = time.time_ns()
            os.fchmod(descriptor, mode & self._allowed)
            os.utime(descriptor, ns=(now, now))
            os.fsync(descriptor)
            return os.fstat(descriptor).st_mtime_ns
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
    """The staging directories in a directory that a killed run left."""
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
    """Removes one of `stale_stagings`."""
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
