"""The target of a new version: committed and tagged at once, or proposed on a branch for review.

on the registry branch (or a bare repository)   direct: commit there, tag at once
on a branch that `registry.lines` names         the same
the same with `propose`                         a new branch `propose/<model>@<version>`, no tag
on any other branch                             a commit on that branch, no tag: it is tagged after the merge
on any other branch with `direct`               a commit on that branch, tagged at once
"""

from typing import Literal, NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.worktrees import WorkTree, refuse_in_progress
from regolo_git.registry.handle import Handle

Flow = Literal["auto", "direct", "propose"]


class TargetBranch(NamedTuple):
    """The branch to commit to.

    Versions on a `tagged` one are released at once; with `new_branch` a branch for review starts there.
    """

    name: str
    tagged: bool
    new_branch: bool


def choose_target_branch(handle: Handle, flow: Flow) -> TargetBranch:
    """Chooses the target from HEAD.

    Raises Conflict on a detached HEAD, where a commit would be lost, NotFound if this clone lacks the
    registry branch.
    """
    handle.registry_tip()
    registry_branch = handle.registry_branch()
    head = None if handle.git.is_bare else handle.git.head_branch()
    released = head is not None and handle.config().is_line(head)
    if flow == "propose":
        start = head if head is not None and released else registry_branch
        return TargetBranch(start, tagged=False, new_branch=True)
    if handle.git.is_bare:
        return TargetBranch(registry_branch, tagged=True, new_branch=False)
    if head is None and flow == "direct":
        return TargetBranch(registry_branch, tagged=True, new_branch=False)
    if head is None:
        # A rebase detaches HEAD too, and `git switch` refuses during a rebase.
        refuse_in_progress(WorkTree(handle.paths.git_dir, handle.paths.top))
        raise Conflict(
            "HEAD is detached: a commit here would be on no branch", f"git switch {registry_branch}"
        )
    return TargetBranch(head, tagged=released or flow == "direct", new_branch=False)
