"""Entries of a work tree's index, changed by git itself under a lock that is always known for ours.

`git update-index` takes `index.lock` by itself, and where it is killed along with us (a container that is
stopped, a terminal's whole group) nobody could say later whose lock that is.  So the lock is a link to a file
of ours: it is ours for as long as both are one file.  Under it git works on a second name of the index, which
then takes the index's place, as git's own new index would.
"""

import os
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors

NO_OBJECT = "0" * 40
OWN_LOCK, OWN_INDEX = "regolo-index-lock", "regolo-index"
# An editor or a prompt that refreshes the index in the background has the lock for some milliseconds.
PATIENCE_SECONDS = 1.0


def set_entries(git_dir: Path, top: Path, entries: Mapping[str, str | None]) -> None:
    """Gives ordinary files at some paths of the index a blob, or takes them out (None).

    Only under the lock of the clone.  Raises Conflict where somebody else holds the index.
    """
    index, own = _index_of(git_dir), _beside(git_dir, OWN_INDEX)
    lines = (
        f"{'100644' if oid else '0'} {oid or NO_OBJECT}\t{path}\0".encode() for path, oid in entries.items()
    )
    with git_errors(f"index '{index}'"), _locked(git_dir, index):
        if index.exists():
            _link_or_copy(index, own)
        run_git(git_dir, top, "update-index", "-z", "--index-info", given=b"".join(lines), index=own)
        own.replace(index)


def remove_leftovers(git_dir: Path) -> bool:
    """Removes what a killed run left of this; whether its lock was among it.  Under the lock of the clone."""
    lock, own = _lock_of(_index_of(git_dir)), _beside(git_dir, OWN_LOCK)
    held = own.exists() and lock.exists() and own.samefile(lock)
    if held:
        lock.unlink()
    # Last, because it proves the lock to be ours.
    for name in (OWN_INDEX, f"{OWN_INDEX}.lock", OWN_LOCK):
        _beside(git_dir, name).unlink(missing_ok=True)
    return held


@contextmanager
def _locked(git_dir: Path, index: Path) -> Iterator[None]:
    remove_leftovers(git_dir)
    own = _beside(git_dir, OWN_LOCK)
    own.touch(exist_ok=False)
    try:
        _take(own, _lock_of(index))
        yield
    finally:
        remove_leftovers(git_dir)


def _take(own: Path, lock: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            os.link(own, lock)
        except FileExistsError:
            if time.monotonic() > deadline:
                raise Conflict(
                    f"another git command holds '{lock}'", "git regolo doctor, if none runs here"
                ) from None
            time.sleep(random.uniform(0.001, 0.01))
        else:
            return


def _link_or_copy(index: Path, own: Path) -> None:
    """With the time that it has, by which git tells which files may have changed since."""
    try:
        os.link(index, own)
    except PermissionError:  # somebody else's, in a directory that we share
        shutil.copy2(index, own)


def _index_of(git_dir: Path) -> Path:
    """Where the index lies; a link to it is followed, as git does."""
    return (git_dir / "index").resolve()


def _beside(git_dir: Path, name: str) -> Path:
    return _index_of(git_dir).with_name(name)


def _lock_of(index: Path) -> Path:
    return index.with_name(f"{index.name}.lock")
