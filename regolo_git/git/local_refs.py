"""Changes of refs of this clone alone: a new branch, one that goes on from its remote, a tag never pushed."""

from regolo_git.errors import Conflict
from regolo_git.git.lock import clone_lock
from regolo_git.git.new_commit import refuse_blocked
from regolo_git.git.program import run_git, try_git
from regolo_git.git.recovery import recover
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_locks import locked_by_library
from regolo_git.git.ref_update import require_target, update_refs
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import refuse_in_progress, work_trees_on


def create_branch_at(git: GitRepository, branch: str, commit: str) -> None:
    """Creates a branch at a commit.  Raises Conflict if its name is taken or blocked by another ref."""
    ref = f"refs/heads/{branch}"
    with clone_lock(git.paths), git_errors(f"branch '{branch}'"):
        recover(git)
        refuse_blocked(git, ref)
        change = RefChange(ref, None, commit, "regolo: branch created")
        update_refs(git, [change], lambda: require_target(git, ref, None), lambda: None)


def remove_branch(git: GitRepository, branch: str, expected: str) -> None:
    """Removes a branch that is still at the commit `expected`; otherwise does nothing."""
    _remove(git, f"refs/heads/{branch}", expected)


def move_branch(git: GitRepository, branch: str, expected: str, commit: str, reason: str) -> None:
    """Moves a branch to another commit, with the files of the work tree that has it checked out.

    The reflog has the reason.  Raises Conflict if it is not at `expected`, or if changed files would be
    overwritten.
    """
    ref = f"refs/heads/{branch}"
    with clone_lock(git.paths):
        recover(git)
        if ref_target(git.paths, ref) != expected:
            raise Conflict(f"branch '{branch}' was moved meanwhile", "try again")
        trees = work_trees_on(git.paths, branch)
        for tree in trees:
            refuse_in_progress(tree)
        if not trees:
            change = RefChange(ref, expected, commit, f"regolo: {reason}")
            update_refs(git, [change], lambda: require_target(git, ref, expected), lambda: None)
        for tree in trees:
            # A file that was written again with the same bytes is not a changed one.
            try_git(tree.git_dir, tree.top, "update-index", "-q", "--refresh")
            also = {"GIT_REFLOG_ACTION": f"regolo: {reason}"}
            run_git(tree.git_dir, tree.top, "reset", "--quiet", "--keep", commit, also=also)


def remove_tag(git: GitRepository, name: str, expected: str) -> None:
    """Removes a tag that is still the object `expected`; otherwise does nothing."""
    _remove(git, f"refs/tags/{name}", expected)


def _remove(git: GitRepository, ref: str, expected: str) -> None:
    with clone_lock(git.paths), git_errors(f"'{ref}'"):
        recover(git)
        with locked_by_library(git, [ref]) as transaction:
            if ref_target(git.paths, ref) == expected:
                transaction.remove(ref)
