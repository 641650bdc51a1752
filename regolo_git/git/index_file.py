"""Changes entries of a work tree's index, under a lock with a provable owner.

`git update-index` takes `index.lock` by itself.  If it is killed together with this process (a stopped
container, a terminal's process group), the owner of the lock that remains is unknown.  So the lock here is a
hard link to a file of this program, which owns the lock as long as both are the same file.  Under the lock,
git works on a hard link to the index that then replaces it, as a new index by git itself would.  The usual
change needs no git process (`index_patch.py`).
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.index_patch import NewEntry, patched
from regolo_git.git.index_stat import fill_stat, stat_of, write_index
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors
from regolo_git.hints import Hint
from regolo_git.system_calls import pause

NO_OBJECT = "0" * 40
OWN_LOCK, OWN_INDEX = "regolo-index-lock", "regolo-index"
# An editor or a prompt that refreshes the index in the background holds the lock for some milliseconds.
PATIENCE_SECONDS = 1.0


class _Files(NamedTuple):
    """The index with symbolic links resolved, as git does, and its lock; the lock and new index of ours."""

    in_use: Path
    lock: Path
    own_lock: Path
    own_index: Path


def _files(git_dir: Path) -> _Files:
    index = (git_dir / "index").resolve()
    return _Files(index, *map(index.with_name, (f"{index.name}.lock", OWN_LOCK, OWN_INDEX)))


def lock_of(git_dir: Path) -> Path:
    """The lock of an index."""
    return _files(git_dir).lock


def held_by_another(lock: Path) -> Conflict:
    """The error for the lock of an index that another program holds, or left behind."""
    return Conflict(f"another git command holds '{lock}'", Hint("doctor"))


def set_entries(git_dir: Path, top: Path, entries: Mapping[str, str | None], *, by_git: bool = False) -> None:
    """Sets the blobs of regular files in the index, or removes their entries (None).

    An entry has the stat data of its file if the file has the blob's content, so that git calls it unchanged.
    With `by_git`, git always changes the index itself, as a hook for changed indexes needs.  Requires the
    lock of the clone.  Raises Conflict if another program holds the index lock.
    """
    files = _files(git_dir)
    with git_errors(f"index '{files.in_use}'"), _locked(files):
        if by_git or not _patch(top, files, entries):
            _ask_git(git_dir, top, files, entries)
        files.own_index.replace(files.in_use)


def _patch(top: Path, files: _Files, entries: Mapping[str, str | None]) -> bool:
    """Writes the new index if its entries only need new blobs."""
    new = {path: NewEntry(oid, stat_of(top / path, oid)) for path, oid in entries.items() if oid is not None}
    if len(new) < len(entries) or not files.in_use.exists():
        return False
    status = files.in_use.stat()
    content = patched(files.in_use.read_bytes(), status, new)
    if content is None:
        return False
    write_index(files.own_index, content, status.st_mode & 0o777)
    return True


def _ask_git(git_dir: Path, top: Path, files: _Files, entries: Mapping[str, str | None]) -> None:
    lines = (
        f"{'100644' if oid else '0'} {oid or NO_OBJECT}\t{path}\0".encode() for path, oid in entries.items()
    )
    own = files.own_index
    if files.in_use.exists():
        _link_or_copy(files.in_use, own)
    run_git(git_dir, top, "update-index", "-z", "--index-info", given=b"".join(lines), index=own)
    fill_stat(git_dir, top, own, entries)


def remove_leftovers(git_dir: Path) -> bool:
    """Removes the files of a killed run; returns whether it held the index.  Requires the clone's lock."""
    return _remove(_files(git_dir))


def _remove(files: _Files) -> bool:
    held = files.own_lock.exists() and files.lock.exists() and files.own_lock.samefile(files.lock)
    if held:
        files.lock.unlink()
    # The file of the lock last, because it proves the ownership of the lock.
    for leftover in (files.own_index, files.own_index.with_name(f"{OWN_INDEX}.lock"), files.own_lock):
        leftover.unlink(missing_ok=True)
    return held


@contextmanager
def _locked(files: _Files) -> Iterator[None]:
    _remove(files)
    files.own_lock.touch(exist_ok=False)
    try:
        _acquire(files.own_lock, files.lock)
        yield
    finally:
        _remove(files)


def _acquire(own: Path, lock: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            os.link(own, lock)
        except FileExistsError:
            if time.monotonic() > deadline:
                raise held_by_another(lock) from None
            pause(0.001, 0.01)
        else:
            return


def _link_or_copy(index: Path, own: Path) -> None:
    """Keeps the modification time, which git uses to find files that may have changed since."""
    try:
        os.link(index, own)
    except PermissionError:  # another user's file in a shared directory
        shutil.copy2(index, own)
