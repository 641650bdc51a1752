"""Finishes or undoes a killed run from its journal, under the lock of the clone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from regolo_git.git.journal import Journal, clear_journal, read_journal, remove_stale_locks
from regolo_git.git.ref_locks import locked_by_library, remove_left_locks
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share_ref
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import remove_temporaries, undo_edits
from regolo_git.text.commits import short

LEFT = "left in place"


class Settled(NamedTuple):
    """The outcome of an interrupted write: whether it is complete now, or nothing of it remains."""

    complete: bool
    message: str


def recover(git: GitRepository) -> list[str]:
    """Finishes or undoes the run of a remaining journal; returns messages, none without a journal.

    A version with its tag written but not its branch is finished.  If the branch has moved on, it is undone,
    because its run never reported success.  What is complete is kept as unreported, for the same command run
    again.  Locks of other programs are named and left in place.
    """
    remove_left_locks(git.paths.common_dir)
    journal = read_journal(git.paths)
    if journal is None:
        clear_journal(git.paths)
        return []
    contents = [b"", journal.new.encode(), (journal.tag_oid or "").encode()]
    foreign = remove_stale_locks(journal.locks, contents)
    outcome = settle(git, journal)
    if outcome.complete and journal.branch_ref is not None:
        git.unreported.keep()
    else:
        clear_journal(git.paths)
    return [
        outcome.message,
        *(f"lock file '{path}' may belong to another program: {LEFT}" for path in foreign),
    ]


def settle(git: GitRepository, journal: Journal) -> Settled:
    """Finishes or undoes an interrupted write."""
    with _interrupted(journal):
        return _settle(git, journal)


def undo(git: GitRepository, journal: Journal) -> None:
    """Undoes an interrupted write that cannot be finished now; a branch that moved stays where it is."""
    with _interrupted(journal):
        _take_back(git, journal)


@contextmanager
def _interrupted(journal: Journal) -> Iterator[None]:
    with git_errors(f"interrupted update of {journal.subject}"):
        for tree in journal.work_trees:
            remove_temporaries(tree, journal.edits)
        yield


def _settle(git: GitRepository, journal: Journal) -> Settled:
    tagged = journal.tag_ref is not None and ref_target(git.paths, journal.tag_ref) == journal.tag_oid
    if journal.branch_ref is None:
        return Settled(tagged, f"{journal.subject} was {'already complete' if tagged else 'not created'}")
    tip = ref_target(git.paths, journal.branch_ref)
    if tip == journal.new or (tip is not None and _contains(git, tip, journal.new)):
        return Settled(True, f"'{journal.branch_ref}' was already complete")
    if tagged and tip == journal.old:
        _move(git, journal.branch_ref, journal.new)
        share_ref(git.paths, git.shared, journal.branch_ref)
        where = f"'{journal.branch_ref}' is now at {short(journal.new)}"
        return Settled(True, f"finished an interrupted update: {where}")
    _take_back(git, journal)
    return Settled(False, f"undid an interrupted update of '{journal.branch_ref}'")


def _take_back(git: GitRepository, journal: Journal) -> None:
    if journal.tag_ref is not None and ref_target(git.paths, journal.tag_ref) == journal.tag_oid:
        _remove(git, journal.tag_ref, journal.tag_oid)
    if journal.branch_ref is not None:
        _undo(git, journal, ref_target(git.paths, journal.branch_ref))


def _contains(git: GitRepository, tip: str, commit: str) -> bool:
    return commit in git.pygit and git.is_ancestor(commit, tip)


def _undo(git: GitRepository, journal: Journal, tip: str | None) -> None:
    now = {edit.path: git.blob_oid(tip, edit.path) for edit in journal.edits}
    for tree in journal.work_trees:
        if tree.top.is_dir():
            undo_edits(git.pygit, tree, list(journal.edits), now)


def _move(git: GitRepository, ref: str, oid: str) -> None:
    with locked_by_library(git, [ref]) as transaction:
        transaction.set_target(ref, oid, message="regolo: finish")


def _remove(git: GitRepository, ref: str, expected: str | None) -> None:
    with locked_by_library(git, [ref]) as transaction:
        if ref_target(git.paths, ref) == expected:
            transaction.remove(ref)
