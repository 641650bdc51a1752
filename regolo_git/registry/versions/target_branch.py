"""The target of a new version: committed and tagged at once, or proposed on a branch for review.

on the registry branch (or a bare repository)   direct: commit there, tag at once
on a branch that `registry.lines` names         the same
the same with `propose`                         a new branch for the review, no tag
on any other branch                             a commit on that branch, no tag: it is tagged after the merge
on any other branch with `direct`               a commit on that branch, tagged at once

The names that this needs are looked at before the artifact is read, so that a version that could not be
published costs nothing.
"""

from typing import Literal, NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.new_commit import refuse_blocked
from regolo_git.git.refs_state import local_branches
from regolo_git.git.worktrees import WorkTree, refuse_in_progress
from regolo_git.records.branches import is_proposal_of, proposal_start
from regolo_git.records.references import version_reference
from regolo_git.records.versions import tag_name
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


def refuse_taken_names(handle: Handle, target: TargetBranch, model: str, version: str) -> None:
    """Raises Conflict if the version cannot have its branch or its tag, because of another branch or tag."""
    if target.new_branch:
        _refuse_proposed(handle, model, version)
    elif handle.git.branch_tip(target.name) is None:
        refuse_blocked(handle.git, f"refs/heads/{target.name}")
    if target.tagged:
        refuse_blocked(handle.git, f"refs/tags/{tag_name(model, version)}")


def _refuse_proposed(handle: Handle, model: str, version: str) -> None:
    for name in local_branches(handle.paths):
        if is_proposal_of(name, model, version):
            raise Conflict(
                f"'{version_reference(model, version)}' is already proposed on branch '{name}'",
                "leave out --version for the next free number",
            )
    # The digest in the name of the branch is not known yet.
    refuse_blocked(handle.git, f"refs/heads/{proposal_start(model)}{version}+")
