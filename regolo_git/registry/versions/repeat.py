"""Recognizing that a version was already created, by an interrupted run of the same command."""

from collections.abc import Callable

from regolo_git.errors import RegoloError
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import published_before
from regolo_git.records.branches import proposal_branch
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.draft import Drafted
from regolo_git.registry.versions.target_branch import TargetBranch


def interrupted_manifest(handle: Handle, model: str) -> Manifest | None:
    """The manifest of a model that an interrupted run committed, after `recover_first`; None without one."""
    left = handle.git.unreported.find()
    if left is None or manifest_path(model) not in {edit.path for edit in left.edits}:
        return None
    try:
        return handle.records_at(left.new).manifest(model)
    except RegoloError:
        return None  # its objects are gone


def is_repeated(
    handle: Handle,
    target: TargetBranch,
    interrupted: Manifest,
    prepare: Callable[[RecordsAt], NewCommit[Drafted]],
) -> bool:
    """Whether the interrupted run was one of the command that `prepare` belongs to."""
    name, digest = target.name, interrupted.artifact.digest
    if target.new_branch:
        name = proposal_branch(interrupted.model, interrupted.version, digest)
    return published_before(handle.git, name, lambda tip: prepare(handle.records_at(tip))) is not None
