"""Moves refs by their files, as git does, with fewer waits for the disk than the library.

A ref is locked by creating `<ref>.lock`, which is renamed to the ref.  The library makes each lock, each
reflog and each directory durable on its own.  Here all contents are made durable at once, then each ref is
renamed and made durable in the given order: a later ref is never on the disk without an earlier one.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from regolo_git.durable import create_directory, make_all_durable, make_directories_durable
from regolo_git.errors import LostRace
from regolo_git.git.ref_logs import logged, remove_empty_directories
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository

ROUNDS = 20  # git may remove an empty directory between its creation and its first file
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class RefChange(NamedTuple):
    """A ref with its object before (None: it must not exist) and after, and the line of its reflog."""

    ref: str
    old: str | None
    new: str
    message: str


class _Lock(NamedTuple):
    change: RefChange
    place: Path
    file: Path
    descriptor: int


def move_by_files(
    git: GitRepository,
    changes: Sequence[RefChange],
    check: Callable[[], None],
    under_locks: Callable[[], None],
) -> None:
    """Moves refs in the given order, after `check` and `under_locks` ran while all of them are locked.

    Raises LostRace if another program holds a lock, and OSError.
    """
    created: set[Path] = set()
    with _locked(git.paths.common_dir, changes, created) as locks:
        check()
        under_locks()
        _move(git, locks, created)


def amend_by_files(git: GitRepository, ref: str, message: str, amend: Callable[[str | None], str]) -> None:
    """Moves a ref to what `amend` makes of its object (None: it does not exist), which runs under its lock.

    Raises LostRace if another program holds the lock, and OSError.
    """
    created: set[Path] = set()
    with _locked(git.paths.common_dir, [RefChange(ref, None, "", message)], created) as locks:
        old = ref_target(git.paths, ref)
        change = RefChange(ref, old, amend(old), message)
        _move(git, [lock._replace(change=change) for lock in locks], created)


def _move(git: GitRepository, locks: Sequence[_Lock], created: set[Path]) -> None:
    for lock in locks:
        os.write(lock.descriptor, f"{lock.change.new}\n".encode())
    with logged(git, [lock.change for lock in locks], created) as logs:
        make_all_durable([*(lock.descriptor for lock in locks), *logs])
    for lock in locks:
        _rename(lock)
        make_directories_durable({lock.place.parent, *created})
        created.clear()


@contextmanager
def _locked(top: Path, changes: Sequence[RefChange], created: set[Path]) -> Iterator[list[_Lock]]:
    """The locks of all refs; those that were not renamed are removed when the block ends.

    The last one is taken first: of two writers on one branch, the second stops before it has locked its tag.
    """
    locks: list[_Lock] = []
    try:
        for change in reversed(changes):
            place = top / change.ref
            file = place.with_name(f"{place.name}.lock")
            locks.insert(0, _Lock(change, place, file, _create(file, change.ref, created)))
        yield locks
    finally:
        for lock in locks:
            # Of a renamed lock there is another, if there is any.
            if _is_own(lock):
                lock.file.unlink(missing_ok=True)
            os.close(lock.descriptor)


def _create(file: Path, ref: str, created: set[Path]) -> int:
    for _ in range(ROUNDS):
        try:
            return os.open(file, NEW, 0o666)
        except FileExistsError as error:
            raise LostRace(f"'{ref}': another program holds the lock", "try again") from error
        except NotADirectoryError as error:
            raise LostRace(f"'{ref}': another ref has the name of its directory", "try again") from error
        except FileNotFoundError:
            create_directory(file.parent, created)
    raise LostRace(f"'{ref}': its directory is removed again and again", "try again")


def _rename(lock: _Lock) -> None:
    try:
        lock.file.rename(lock.place)
    except IsADirectoryError:
        remove_empty_directories(lock.place)  # the refs below it are packed, or gone
        lock.file.rename(lock.place)
    except OSError:
        lock.file.rename(lock.place)  # a disk that failed once is no reason to give up a finished version


def _is_own(lock: _Lock) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(lock.file.stat(), os.fstat(lock.descriptor))
    return False
