"""A branch of a remote that somebody has rewritten or reset (`git push --force`), as last fetched.

What a clone has more of it than the remote is either its own work, or what the remote had and somebody has
taken away.  The reflog of the remote-tracking branch tells them apart, as it does for `git pull --rebase`.
"""

from typing import NamedTuple

from regolo_git.git.history import is_in_history, own_commits
from regolo_git.git.local_refs import move_branch
from regolo_git.git.ref_past import past_values
from regolo_git.git.remotes import tracking_ref
from regolo_git.git.repository import GitRepository


class Surplus(NamedTuple):
    """The commits of a branch here that the remote lacks: those that it never had, and those that it had."""

    own: tuple[str, ...]
    taken_back: tuple[str, ...]


def surplus(git: GitRepository, tip: str, remote: str, branch: str, theirs: str) -> Surplus:
    """What a commit has more than the tip of the remote's branch."""
    past = [oid for oid in past_values(git.paths, tracking_ref(remote, branch)) if git.has(oid)]
    lacking, own = own_commits(git, tip, theirs), own_commits(git, tip, theirs, *past)
    return Surplus(tuple(own), tuple(oid for oid in lacking if oid not in set(own)))


def follow_rewritten(git: GitRepository, remote: str, branch: str) -> str | None:
    """Moves a branch that has no commits of its own to the remote's, with the files of its work tree.

    Returns the commit that it was at, None if it stays.  Raises Conflict if changed files would be
    overwritten.
    """
    here, theirs = git.branch_tip(branch), git.remote_branch_tip(remote, branch)
    if here is None or theirs is None or is_in_history(git, here, theirs) or not git.has(theirs):
        return None
    if surplus(git, here, remote, branch, theirs).own:
        return None
    move_branch(git, branch, here, theirs, f"follow {remote}/{branch}, which was rewritten")
    return here
