"""The directories of a store on this machine: created for all who use it, and durable.

Everybody who may use the root may use what is created in it: a umask does not shut out a group.
`settle` makes directory entries durable with one fsync for each directory instead of one for each file.
"""

import errno
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from regolo_git.durable import make_directories_durable
from regolo_git.system_calls import random_name

# What directories take over from the root: the rights of group and others, and the group itself (setgid).
DIRECTORY_BITS = 0o3077
# At most so many create the same directory at the same moment.
CREATORS = 100

Result = TypeVar("Result")


class Directories:
    """The directories below a root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unsettled: set[Path] = set()
        self._lock, self._settling = threading.Lock(), threading.Lock()

    def create_root(self, rights: int) -> None:
        """See `Files.create_root`."""
        missing = [place for place in (self._root, *self._root.parents) if not place.is_dir()]
        self._root.mkdir(parents=True, exist_ok=True)
        if missing:
            rights |= _group_rights(missing[-1].parent)
        for place in (*missing, self._root) if rights else ():
            _add_rights(place, rights)
        for place in missing:
            self.remember(place.parent)

    def act_in(self, directory: Path, act: Callable[[], Result]) -> Result:
        """Acts on a name in a directory, which is created if need be, and returns the result.

        Another thread or process that creates the directory at the same moment replaces an empty one, once
        each; Linux refuses a name in the replaced one as if the directory were missing.  Raises
        FileNotFoundError without the root: its disk may not be mounted.
        """
        for _ in range(CREATORS):
            with suppress(FileNotFoundError):
                self._make(directory)
                return act()
            self._root.stat()
        self._make(directory)
        return act()

    def remember(self, directory: Path) -> None:
        """Lets the next `settle` make the entries of a directory durable."""
        with self._lock:
            self._unsettled.add(directory)

    def settle(self) -> None:
        """See `Files.settle`."""
        # Another thread may be at it with the directories of this one.
        with self._settling:
            with self._lock:
                waiting, self._unsettled = self._unsettled, set()
            make_directories_durable(waiting)

    def _make(self, directory: Path) -> None:
        """Creates a directory below the root, and remembers its entry for `settle`.

        Raises FileNotFoundError without the root: its disk may not be mounted.
        """
        if directory.is_dir():
            if directory != self._root:  # one of an older release, whose umask shut out the group
                _add_rights(directory, self._root.stat().st_mode & DIRECTORY_BITS)
            return
        if directory == self._root:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(directory))
        self._make(directory.parent)
        self._make_shared(directory)
        self.remember(directory.parent)

    def _make_shared(self, directory: Path) -> None:
        """Creates a directory for everybody who may use the root, whatever the umask of this process."""
        wanted = stat.S_IMODE(self._root.stat().st_mode) & DIRECTORY_BITS | 0o700
        # Under another name first: other users may need it from the moment it is there.
        temporary = directory.with_name(f"{directory.name}.{random_name(8)}")
        temporary.mkdir()
        try:
            if stat.S_IMODE(temporary.stat().st_mode) != wanted:
                with suppress(PermissionError):  # a filesystem without permissions
                    temporary.chmod(wanted)
            temporary.rename(directory)
        except OSError:
            with suppress(OSError):
                temporary.rmdir()
            if not directory.is_dir():  # else another process was first
                raise


def _group_rights(parent: Path) -> int:
    """The rights of the group that a directory belongs to, as its setgid bit says; else none."""
    mode = stat.S_IMODE(parent.stat().st_mode)
    return mode & (stat.S_ISGID | stat.S_IRWXG) if mode & stat.S_ISGID else 0


def _add_rights(directory: Path, rights: int) -> None:
    """Adds rights to a directory of this user."""
    status = directory.stat()
    if status.st_mode & rights != rights and status.st_uid == os.geteuid():
        with suppress(PermissionError):  # a filesystem without permissions
            directory.chmod(stat.S_IMODE(status.st_mode) | rights)
