"""Finishing or undoing what a killed run left, from its journal, under the lock of the clone."""

import pygit2

from regolo_git.git.journal import Journal, clear_journal, read_journal, remove_stale_locks
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import remove_temporaries, undo_edits
from regolo_git.text.commits import short


def recover(git: GitRepository) -> list[str]:
    """What was done about a journal that is there, in words; an empty list where there is none.

    A version whose tag was written and whose branch was not is finished, unless the branch has moved on; then
    it is undone, because its run never reported success.  Locks that are not ours are named and left.
    """
    journal = read_journal(git.paths)
    if journal is None:
        clear_journal(git.paths)
        return []
    contents = [b"", journal.new.encode(), (journal.tag_oid or "").encode()]
    foreign = remove_stale_locks(journal.locks, contents)
    said = settle(git, journal)
    clear_journal(git.paths)
    return [said, *(f"lock file '{path}' is not ours: left as it is" for path in foreign)]


def settle(git: GitRepository, journal: Journal) -> str:
    """Finishes or undoes a publication that stopped in the middle, and says which."""
    with git_errors("a publication that stopped in the middle"):
        for tree in journal.work_trees:
            remove_temporaries(tree, journal.edits)
        return _settle(git, journal)


def _settle(git: GitRepository, journal: Journal) -> str:
    tagged = journal.tag_ref is not None and ref_target(git.paths, journal.tag_ref) == journal.tag_oid
    if journal.branch_ref is None:
        return f"{journal.subject} {'was complete already' if tagged else 'was not made'}"
    tip = ref_target(git.paths, journal.branch_ref)
    if tip == journal.new or (tip is not None and _contains(git, tip, journal.new)):
        return f"'{journal.branch_ref}' was complete already"
    if tagged and tip == journal.old:
        _move(git.pygit, journal.branch_ref, journal.new)
        return f"finished: '{journal.branch_ref}' is at {short(journal.new)} now"
    if tagged and journal.tag_ref is not None:
        _remove(git, journal.tag_ref, journal.tag_oid)
    _undo(git, journal, tip)
    return f"undone: what was on its way to '{journal.branch_ref}'"


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
