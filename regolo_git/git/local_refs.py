"""Changes of refs of this clone alone: a branch that goes on from its remote, a tag that was never pushed."""

from regolo_git.errors import Conflict
from regolo_git.git.lock import clone_lock
from regolo_git.git.program import run_git
from regolo_git.git.recovery import recover
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import refuse_in_progress, work_trees_on


def move_branch(git: GitRepository, branch: str, expected: str, commit: str) -> None:
    """Moves a branch to another commit, with the files of the work tree that has it checked out.

    Raises Conflict if it is not at `expected`, or if changed files would be overwritten.
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
            run_git(git.paths.git_dir, None, "update-ref", "-m", "regolo: renumber", ref, commit, expected)
        for tree in trees:
            run_git(tree.git_dir, tree.top, "reset", "--quiet", "--keep", commit)


def remove_tag(git: GitRepository, name: str, expected: str) -> None:
    """Removes a tag that is still the object `expected`; otherwise does nothing."""
    ref = f"refs/tags/{name}"
    with clone_lock(git.paths), git_errors(f"tag '{name}'"):
        recover(git)
        with git.pygit.transaction() as transaction:
            transaction.lock_ref(ref)
            if ref_target(git.paths, ref) == expected:
                transaction.remove(ref)
