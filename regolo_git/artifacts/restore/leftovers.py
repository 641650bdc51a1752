"""Notes of where checkouts stage their files, so that any later checkout finds what a killed one left.

A note is a small file with the path of the staging directory.  It is there, and locked, before the directory
is; so a directory whose note is not locked was left by a killed run, even an empty one.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regolo_git.artifacts.restore.staging import UNLOCKED_SECONDS, remove_staging
from regolo_git.forks import close_lock, open_for_lock


@contextmanager
def noted(notes: Path | None, staging: Path) -> Iterator[None]:
    """Keeps a note of a staging directory in the directory `notes` (None: nowhere) while it is in use."""
    if notes is None:
        yield
        return
    notes.mkdir(parents=True, exist_ok=True)
    note = notes / _name_of_note(staging)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = open_for_lock(lambda: os.open(note, flags, 0o666))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, os.fsencode(staging))
        yield
    finally:
        note.unlink(missing_ok=True)
        close_lock(descriptor)


def left_stagings(notes: Path) -> list[Path]:
    """The staging directories of killed runs that are still there, sorted."""
    return sorted(staging for _, staging in _left(notes) if staging.is_dir() and not staging.is_symlink())


def remove_left(notes: Path) -> None:
    """Removes the staging directories of killed runs, and their notes."""
    for note, staging in list(_left(notes)):
        if staging.is_dir() and not staging.is_symlink():
            remove_staging(staging)
        elif time.time() - note.stat().st_mtime < UNLOCKED_SECONDS:
            continue  # perhaps of a run that is just about to lock it
        with suppress(OSError):
            note.unlink()


def _left(notes: Path) -> Iterator[tuple[Path, Path]]:
    """Each note that is not locked, with its staging directory."""
    for note in sorted(notes.iterdir()) if notes.is_dir() else ():
        with suppress(OSError):
            descriptor = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                staging = Path(os.fsdecode(os.pread(descriptor, 1 << 16, 0)))
            finally:
                os.close(descriptor)
            # Without its own name in it, a note was cut short by a power cut.
            yield note, staging if _name_of_note(staging) == note.name else note


def _name_of_note(staging: Path) -> str:
    return staging.name.lstrip(".")
