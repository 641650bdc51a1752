"""Locks of refs, which distinguish a killed run from another program.

git locks a ref by creating `<ref>.lock`, and leaves it to people to remove the one of a git that was killed.
Here that file has a second name in `regolo/ref-locks`, and its writer holds it by `flock` for as long as it
runs.  A lock that has such a name and is not held was left by a killed run, and is removed.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

import pygit2

from regolo_git.forks import close_lock, open_for_lock
from regolo_git.shared_modes import make_like_parent
from regolo_git.system_calls import random_name

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
NAMES = "regolo/ref-locks"
MARK = "~"  # not in the name of a ref


class RefLock(NamedTuple):
    """The lock of a ref: its file, the open descriptor, and its second name, where the system has such."""

    file: Path
    descriptor: int
    name: Path | None


def create_lock(common_dir: Path, ref: str) -> RefLock:
    """Creates the lock of a ref, after removing the one that a killed run left.

    Raises FileExistsError if another program has it, FileNotFoundError without its directory, OSError.
    """
    file = common_dir / f"{ref}.lock"
    try:
        return _create(common_dir, ref, file)
    except FileExistsError:
        remove_left_locks(common_dir)
        return _create(common_dir, ref, file)


def release_lock(lock: RefLock) -> None:
    """Removes a lock, unless its file was renamed to the ref."""
    # Of a renamed lock there is another, if there is any.
    if _is_same(lock.file, os.fstat(lock.descriptor)):
        lock.file.unlink(missing_ok=True)
    if lock.name is not None:
        lock.name.unlink(missing_ok=True)
    close_lock(lock.descriptor)


def remove_left_locks(common_dir: Path) -> None:
    """Removes the locks of killed runs; those that cannot be removed stay."""
    names = common_dir / NAMES
    with suppress(OSError):
        for name in names.iterdir():
            with suppress(OSError):
                ref = unquote(name.name.partition(MARK)[0], errors="surrogateescape")
                _remove_left(common_dir / f"{ref}.lock", name)


@contextmanager
def locked_by_library(git: "GitRepository", refs: Sequence[str]) -> Iterator[pygit2.ReferenceTransaction]:
    """A transaction of the library that has locked these refs."""
    common_dir = git.paths.common_dir
    remove_left_locks(common_dir)
    named: list[tuple[Path, int]] = []
    try:
        with git.pygit.transaction() as transaction:
            for ref in refs:
                transaction.lock_ref(ref)
                with suppress(OSError):
                    named.append(_named(common_dir, ref, partial(_link, common_dir / f"{ref}.lock")))
            yield transaction
    finally:
        for name, descriptor in named:
            name.unlink(missing_ok=True)
            close_lock(descriptor)


def _create(common_dir: Path, ref: str, file: Path) -> RefLock:
    try:
        name, descriptor = _named(common_dir, ref, lambda name: os.open(name, NEW, 0o666))
    except OSError:  # not here, no `flock`, or no room for a name as long as this
        return RefLock(file, open_for_lock(lambda: os.open(file, NEW, 0o666)), None)
    try:
        file.hardlink_to(name)
    except OSError as error:
        name.unlink(missing_ok=True)
        close_lock(descriptor)
        if isinstance(error, FileExistsError | FileNotFoundError | NotADirectoryError):
            raise
        # A file system without a second name for a file.
        return RefLock(file, open_for_lock(lambda: os.open(file, NEW, 0o666)), None)
    return RefLock(file, descriptor, name)


def _named(common_dir: Path, ref: str, open_it: Callable[[Path], int]) -> tuple[Path, int]:
    """A name for the lock of a ref that `open_it` opens, and the descriptor by which this process holds it.

    Raises OSError, also in a repository that this program does not work in, such as a remote.
    """
    names = common_dir / NAMES
    if not names.is_dir():
        names.parent.stat()
        make_like_parent(names)
    start = quote(ref, safe="", errors="surrogateescape")
    while True:
        name = names / f"{start}{MARK}{random_name(8)}"
        descriptor = open_for_lock(partial(open_it, name))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same(name, os.fstat(descriptor)):
                return name, descriptor
        except BlockingIOError:
            pass  # somebody took it for one of a killed run, and removes it
        except OSError:
            name.unlink(missing_ok=True)
            close_lock(descriptor)
            raise
        close_lock(descriptor)


def _link(lock: Path, name: Path) -> int:
    name.hardlink_to(lock)
    return os.open(name, os.O_RDONLY | os.O_CLOEXEC)


def _remove_left(lock: Path, name: Path) -> None:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.fstat(descriptor)
        if _is_same(name, held):  # nobody else has removed it meanwhile
            if _is_same(lock, held):
                lock.unlink()
            name.unlink()
    finally:
        os.close(descriptor)


def _is_same(path: Path, held: os.stat_result) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.path.samestat(path.stat(), held)
    return False
