"""Finishes or undoes a killed run from its journal, under the lock of the clone."""

import pygit2

from regolo_git.git.journal import Journal, clear_journal, read_journal, remove_stale_locks
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import remove_temporaries, undo_edits
from regolo_git.text.commits import short

LEFT = "left in place"


def recover(git: GitRepository) -> list[str]:
    """Finishes or undoes the run of a remaining journal; returns messages, none without a journal.

    A version with its tag written but not its branch is finished.  If the branch has moved on, it is undone,
    because its run never reported success.  Locks of other programs are named and left in place.
    """
    journal = read_journal(git.paths)
    if journal is None:
        clear_journal(git.paths)
        return []
    contents = [b"", journal.new.encode(), (journal.tag_oid or "").encode()]
    foreign = remove_stale_locks(journal.locks, contents)
    outcome = settle(git, journal)
    clear_journal(git.paths)
    return [outcome, *(f"lock file '{path}' may belong to another program: {LEFT}" for path in foreign)]


def settle(git: GitRepository, journal: Journal) -> str:
    """Finishes or undoes an interrupted write; returns a message with the outcome."""
    with git_errors(f"interrupted update of {journal.subject}"):
        for tree in journal.work_trees:
            remove_temporaries(tree, journal.edits)
        return _settle(git, journal)


def _settle(git: GitRepository, journal: Journal) -> str:
    tagged = journal.tag_ref is not None and ref_target(git.paths, journal.tag_ref) == journal.tag_oid
    if journal.branch_ref is None:
        return f"{journal.subject} was {'already complete' if tagged else 'not created'}"
    tip = ref_target(git.paths, journal.branch_ref)
    if tip == journal.new or (tip is not None and _contains(git, tip, journal.new)):
        return f"'{journal.branch_ref}' was already complete"
    if tagged and tip == journal.old:
        _move(git.pygit, journal.branch_ref, journal.new)
        return f"finished an interrupted update: '{journal.branch_ref}' is now at {short(journal.new)}"
    if tagged and journal.tag_ref is not None:
        _remove(git, journal.tag_ref, journal.tag_oid)
    _undo(git, journal, tip)
    return f"undid an interrupted update of '{journal.branch_ref}'"


def _contains(git: GitRepository, tip: str, commit: str) -> bool:
    return commit in git.pygit and git.is_ancestor(commit, tip)


def _undo(git: GitRepository, journal: Journal, tip: str | None) -> None:
    now = {edit.path: git.blob_oid(tip, edit.path) for edit in journal.edits}
    for tree in journal.work_trees:
        if tree.top.is_dir():
            undo_edits(git.pygit, tree, list(journal.edits), now)


def _move(repository: pygit2.Repository, ref: str, oid: str) -> None:
    with repository.transaction() as transaction:
        transaction.lock_ref(ref)
        transaction.set_target(ref, oid, message="regolo: finish")


def _remove(git: GitRepository, ref: str, expected: str | None) -> None:
    with git.pygit.transaction() as transaction:
        transaction.lock_ref(ref)
        if ref_target(git.paths, ref) == expected:
            transaction.remove(ref)
