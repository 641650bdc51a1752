"""Moves refs by their files, as git does, with fewer waits for the disk than the library.

A ref is locked by creating `<ref>.lock`, which is renamed to the ref.  The library makes each lock, each
reflog and each directory durable on its own.  Here all contents are made durable at once, then each ref is
renamed and made durable in the given order: a later ref is never on the disk without an earlier one.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from regolo_git.durable import create_directory, make_all_durable, make_directories_durable
from regolo_git.errors import LostRace
from regolo_git.git.ref_locks import RefLock, create_lock, release_lock
from regolo_git.git.ref_logs import logged, remove_empty_directories
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import lock_held

ROUNDS = 20  # git may remove an empty directory between its creation and its first file


class RefChange(NamedTuple):
    """A ref with its object before (None: it must not exist) and after, and the line of its reflog."""

    ref: str
    old: str | None
    new: str
    message: str


class _Locked(NamedTuple):
    change: RefChange
    place: Path
    lock: RefLock


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
    with _locked(git.paths.common_dir, changes, created) as refs:
        check()
        under_locks()
        _move(git, refs, created)


def amend_by_files(git: GitRepository, ref: str, message: str, amend: Callable[[str | None], str]) -> None:
    """Moves a ref to what `amend` makes of its object (None: it does not exist), which runs under its lock.

    Raises LostRace if another program holds the lock, and OSError.
    """
    created: set[Path] = set()
    with _locked(git.paths.common_dir, [RefChange(ref, None, "", message)], created) as refs:
        old = ref_target(git.paths, ref)
        change = RefChange(ref, old, amend(old), message)
        _move(git, [locked._replace(change=change) for locked in refs], created)


def _move(git: GitRepository, refs: Sequence[_Locked], created: set[Path]) -> None:
    for ref in refs:
        os.write(ref.lock.descriptor, f"{ref.change.new}\n".encode())
    with logged(git, [ref.change for ref in refs], created) as logs:
        make_all_durable([*(ref.lock.descriptor for ref in refs), *logs])
    for ref in refs:
        _rename(ref.lock.file, ref.place)
        make_directories_durable({ref.place.parent, *created})
        created.clear()


@contextmanager
def _locked(top: Path, changes: Sequence[RefChange], created: set[Path]) -> Iterator[list[_Locked]]:
    """The locks of all refs; those that were not renamed are removed when the block ends.

    The last one is taken first: of two writers on one branch, the second stops before it has locked its tag.
    """
    refs: list[_Locked] = []
    try:
        for change in reversed(changes):
            refs.insert(0, _Locked(change, top / change.ref, _lock(top, change.ref, created)))
        yield refs
    finally:
        for ref in refs:
            release_lock(ref.lock)


def _lock(top: Path, ref: str, created: set[Path]) -> RefLock:
    for _ in range(ROUNDS):
        try:
            return create_lock(top, ref)
        except FileExistsError as error:
            raise lock_held(f"'{ref}'") from error
        except NotADirectoryError as error:
            raise LostRace(f"'{ref}': another ref has the name of its directory", "try again") from error
        except FileNotFoundError:
            create_directory((top / ref).parent, created)
    raise LostRace(f"'{ref}': its directory is removed again and again", "try again")


def _rename(lock: Path, place: Path) -> None:
    try:
        lock.rename(place)
    except IsADirectoryError:
        remove_empty_directories(place)  # the refs below it are packed, or gone
        lock.rename(place)
    except OSError:
        lock.rename(place)  # a disk that failed once is no reason to give up a finished version
