"""The branch and the tag of a new version, which may be taken or blocked by others.

They are looked at before the artifact is read, so that a version that could not be published costs nothing.
"""

from regolo_git.errors import Conflict
from regolo_git.git.new_commit import refuse_blocked
from regolo_git.records.branches import proposal_branch
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.target_branch import TargetBranch


def refuse_taken_names(handle: Handle, target: TargetBranch, model: str, version: str) -> None:
    """Raises Conflict if the version cannot have its branch or its tag, because of another branch or tag."""
    if target.new_branch:
        _refuse_proposed(handle, model, version)
    elif handle.git.branch_tip(target.name) is None:
        refuse_blocked(handle.git, f"refs/heads/{target.name}")
    if target.tagged:
        refuse_blocked(handle.git, f"refs/tags/{tag_name(model, version)}")


def _refuse_proposed(handle: Handle, model: str, version: str) -> None:
    name = proposal_branch(model, version)
    if handle.git.branch_tip(name) is not None:
        following = Version.parse(version).bump("minor")
        suggestion = following.text(zero_patch=following.patch_written)
        raise Conflict(
            f"'{version_reference(model, version)}' is already proposed on branch '{name}'",
            f"choose another number, such as --version {suggestion}",
        )
    refuse_blocked(handle.git, f"refs/heads/{name}")


def proposed_tips(handle: Handle, model: str) -> list[str]:
    """The tips of the branches that propose a version of a model."""
    start = proposal_branch(model, "")
    return [tip for name, tip in handle.git.branches() if name.startswith(start)]
