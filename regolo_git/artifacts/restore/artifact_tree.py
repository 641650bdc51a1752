"""Writing below a directory without ever following a link.

Each step opens the next directory by name with O_NOFOLLOW and works relative to it, so that no path can be
redirected between a check and a write.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from regolo_git.errors import Conflict
from regolo_git.text.printable import printable

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Blocked(Conflict):
    """A parent of a path is not a directory: `path` is that parent, `status` what is there."""

    def __init__(self, message: str, path: str, status: os.stat_result) -> None:
        super().__init__(message, "move it away, or choose another destination")
        self.path = path
        self.status = status


class ArtifactTree:
    """A directory that exists, and POSIX paths below it; a context manager.

    Methods raise Blocked if a parent is a link or not a directory, else OSError.  Leaving it with an error
    removes the directories that were created, if they are empty.
    """

    def __init__(self, root: Path, opened: int | None = None) -> None:
        """Opens a directory by its path, or duplicates a descriptor of it if the path is not trusted."""
        self.root = root
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        self._root = os.open(root, flags) if opened is None else os.dup(opened)
        # Files are sorted, so the next file is mostly in the last directory.
        self._last = ("", self._root)
        self.created: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for path in reversed(self.created):
                with suppress(OSError):
                    self.remove_empty(path)
        self._forget_last()
        os.close(self._root)

    def directory(self, path: str, *, create: bool = False) -> int | None:
        """A descriptor of a directory, valid until the next call; None if there is none."""
        if not path:
            return self._root
        if path == self._last[0]:
            return self._last[1]
        self._forget_last()
        descriptor = self._root
        walked: list[str] = []
        for name in path.split("/"):
            walked.append(name)
            following = self._step(descriptor, name, "/".join(walked), create=create)
            if descriptor != self._root:
                os.close(descriptor)
            if following is None:
                return None
            descriptor = following
        self._last = (path, descriptor)
        return descriptor

    def look(self, path: str) -> os.stat_result | None:
        """The status of a path, without following a link; None if nothing is there."""
        parent, name = _split(path)
        descriptor = self.directory(parent)
        if descriptor is None:
            return None
        try:
            return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def find(self, path: str) -> os.stat_result | None:
        """Like `look`, but None too if a parent is a link or not a directory."""
        try:
            return self.look(path)
        except Blocked:
            return None

    def files_below(self, path: str) -> dict[str, os.stat_result]:
        """The status of everything below a directory but directories, by path; no link is followed."""
        found: dict[str, os.stat_result] = {}
        waiting = [path]
        while waiting:
            directory = waiting.pop()
            descriptor = self.directory(directory)
            if descriptor is None:
                continue
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    below = f"{directory}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(below)
                    else:
                        found[below] = entry.stat(follow_symlinks=False)
        return found

    def open_file(self, path: str) -> int:
        """A descriptor to read an ordinary file; raises OSError for a link."""
        parent, name = _split(path)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=self.directory(parent))

    def move_in(self, path: str, source_directory: int, source: str) -> None:
        """Renames a file to a path, creating directories and replacing a file that is there."""
        parent, name = _split(path)
        descriptor = self.directory(parent, create=True)
        os.rename(source, name, src_dir_fd=source_directory, dst_dir_fd=descriptor)

    def keep_aside(self, path: str, directory: int, name: str) -> None:
        """Hard-links the file into another directory, or moves it there if links are not possible."""
        parent, own = _split(path)
        descriptor = self.directory(parent)
        try:
            os.link(own, name, src_dir_fd=descriptor, dst_dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError:  # no hard links on this filesystem, or not to a file of another user
            os.rename(own, name, src_dir_fd=descriptor, dst_dir_fd=directory)

    def set_mode(self, path: str, mode: int) -> None:
        """Changes the permissions of an ordinary file."""
        descriptor = self.open_file(path)
        try:
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def move_out(self, path: str, directory: int, name: str) -> None:
        """Moves a file, or a directory with everything in it, into another directory."""
        parent, own = _split(path)
        if f"{self._last[0]}/".startswith(f"{path}/"):
            self._forget_last()
        os.rename(own, name, src_dir_fd=self.directory(parent), dst_dir_fd=directory)

    def remove_empty(self, path: str) -> bool:
        """Removes a directory if it is empty; False if it is not."""
        parent, name = _split(path)
        if path == self._last[0]:
            self._forget_last()
        try:
            os.rmdir(name, dir_fd=self.directory(parent))
        except (OSError, Blocked):
            return False
        return True

    def sync(self, path: str) -> None:
        """Makes the entries of a directory durable."""
        descriptor = self.directory(path)
        if descriptor is not None:
            os.fsync(descriptor)

    def _step(self, descriptor: int, name: str, path: str, *, create: bool) -> int | None:
        for attempt in range(2):
            try:
                return os.open(name, DIRECTORY, dir_fd=descriptor)
            except FileNotFoundError:
                if not create or attempt:
                    return None
                os.mkdir(name, dir_fd=descriptor)
                self.created.append(path)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR):
                    raise self._obstacle(descriptor, name, path) from None
                raise
        return None

    def _obstacle(self, descriptor: int, name: str, path: str) -> Blocked:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        what = "a link" if stat.S_ISLNK(status.st_mode) else "not a directory"
        shown = printable(str(self.root / path))
        return Blocked(f"'{shown}' is {what}, so nothing can be written below it", path, status)

    def _forget_last(self) -> None:
        if self._last[1] != self._root:
            os.close(self._last[1])
        self._last = ("", self._root)


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent, name
