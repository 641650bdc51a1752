"""Modes of new files in a directory that several users share.

git gives the directories of a shared repository the set-group-ID bit, and so does this program.  A file that
is created there gets the read and write bits of its directory, whatever the umask; elsewhere the umask
decides.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def share_like_directory(path: Path) -> None:
    """Gives a file of this user the read and write bits of a shared directory; leaves those of others."""
    directory = path.parent.stat().st_mode
    if not directory & stat.S_ISGID:
        return
    with suppress(FileNotFoundError):  # another process removed it
        held = path.stat()
        mode = (stat.S_IMODE(held.st_mode) & ~0o666) | (directory & 0o666)
        if mode != stat.S_IMODE(held.st_mode) and held.st_uid == os.geteuid():
            path.chmod(mode)


@contextmanager
def keeping_mode(path: Path) -> Iterator[None]:
    """Restores the mode of a file that is replaced meanwhile by a library that creates it by the umask."""
    before = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    yield
    if before is None or not path.exists():
        return
    held = path.stat()
    if stat.S_IMODE(held.st_mode) != before and held.st_uid == os.geteuid():
        path.chmod(before)


def make_like_parent(directory: Path) -> None:
    """Creates a directory, with the bits of its parent if that is shared."""
    if directory.is_dir():
        return
    directory.mkdir(parents=True, exist_ok=True)
    parent = directory.parent.stat().st_mode
    if parent & stat.S_ISGID and directory.stat().st_uid == os.geteuid():
        directory.chmod(stat.S_IMODE(parent))
