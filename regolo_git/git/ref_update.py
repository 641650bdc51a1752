"""Moves refs, all of them or none, with a step between the locks and the move.

Where there is a `reference-transaction` hook, or `core.sharedRepository` is set, `git update-ref` moves them:
it runs the hook as for its own updates, and gives refs and reflogs the modes that it gives them itself
(`ref_process.py`).  Otherwise no process is needed (`ref_files.py`).
"""

import shutil
from collections.abc import Callable, Sequence

from regolo_git.errors import LostRace
from regolo_git.git.hooks import REFERENCE_TRANSACTION, has_hook
from regolo_git.git.ref_files import RefChange, amend_by_files, move_by_files
from regolo_git.git.ref_locks import remove_left_locks
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share_ref


def update_refs(
    git: GitRepository,
    changes: Sequence[RefChange],
    check: Callable[[], None],
    under_locks: Callable[[], None],
) -> None:
    """Moves refs in the given order, after `check` and `under_locks` ran while all of them are locked.

    `check` compares the refs once more and raises the error that names the difference.  Raises LostRace if
    another program holds a lock, Conflict if a hook refuses the update.
    """
    if _needs_git(git):
        from regolo_git.git.ref_process import RefTransaction  # noqa: PLC0415 - few repositories need it

        remove_left_locks(git.paths.common_dir)
        RefTransaction(git, changes, check).run(under_locks)
    else:
        move_by_files(git, changes, check, under_locks)
        for change in changes:
            share_ref(git.paths, git.shared, change.ref)


def amend_ref(git: GitRepository, ref: str, message: str, amend: Callable[[str | None], str]) -> None:
    """Moves a ref to what `amend` makes of its object (None: it does not exist).

    Raises LostRace if another program holds the lock, or moved the ref before git locked it.
    """
    if _needs_git(git):
        before = ref_target(git.paths, ref)
        change = RefChange(ref, before, amend(before), message)
        update_refs(git, [change], lambda: require_target(git, ref, before), lambda: None)
    else:
        # Under the lock, so that a program that writes again and again does not win every time.
        amend_by_files(git, ref, message, amend)


def _needs_git(git: GitRepository) -> bool:
    return has_hook(git, REFERENCE_TRANSACTION) or (git.is_shared and shutil.which("git") is not None)


def require_target(git: GitRepository, ref: str, expected: str | None) -> None:
    """Raises LostRace if a ref does not have the expected object."""
    if ref_target(git.paths, ref) != expected:
        raise LostRace(f"'{ref}' was moved by another writer", "try again")
