"""The error for a clone that has a registry's configuration but not the registry branch itself.

That is a clone of one other branch, as CI makes for a pull request, or a registry whose branch was renamed.
"""

from typing import TYPE_CHECKING

from regolo_git.errors import NotFound
from regolo_git.git.refs_state import branch_tip, head_branch, symbolic_target
from regolo_git.git.remotes import remote_of_branch
from regolo_git.hints import Hint, NextStep

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository


def missing_branch(git: "GitRepository", branch: str) -> NotFound:
    """The error, with the fetch that brings the branch, or the setting that follows a new name."""
    return NotFound(f"the registry branch '{branch}' is not in this clone", _next_step(git, branch))


def _next_step(git: "GitRepository", branch: str) -> NextStep:
    remote, renamed = remote_of_branch(git, branch), Hint("config", "registry.branch", _new_name(git))
    if remote is None:
        return renamed
    # `git clone` sets the remote's HEAD; a clone of all branches would have this one.
    if remote.fetches_all and symbolic_target(git.paths, f"refs/remotes/{remote.name}/HEAD") is not None:
        return renamed
    return f"git fetch {remote.name} {branch}:{branch}   (or, if it was renamed, {renamed})"


def _new_name(git: "GitRepository") -> str:
    head = head_branch(git.paths)
    return head if head is not None and branch_tip(git.paths, head) is not None else "BRANCH"
