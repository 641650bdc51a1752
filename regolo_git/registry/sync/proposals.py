"""The proposals of a clone that wait to be pushed for their review."""

import shlex
from collections.abc import Collection, Iterable
from typing import NamedTuple

from regolo_git.git.history import changed_files, is_in_history
from regolo_git.git.ref_past import was_at
from regolo_git.git.refs_state import HEADS, local_branches, ref_target
from regolo_git.git.remotes import tracking_ref
from regolo_git.records.branches import PROPOSALS
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, model_of_manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.made_again import is_made_again
from regolo_git.registry.proposal_tips import REMOTES, follow_step
from regolo_git.registry.sync.remote_state import RemoteState


class Proposal(NamedTuple):
    """A branch to push, and the versions that it proposes.

    If it `replaces` what the remote has, the same bytes were proposed again here.
    """

    branch: str
    tip: str
    manifests: tuple[Manifest, ...]
    replaces: bool


def proposals_to_push(
    handle: Handle, state: RemoteState, released: Collection[str], models: Collection[str]
) -> list[Proposal]:
    """The proposals that the remote lacks, or those of some models; `released` branches are none.

    The checked-out branch is one if it has versions that the registry branch does not have.  One that the
    remote had and has no longer was merged or declined; another one of the same name stays, with a notice.
    """
    head, found = handle.git.head_branch(), []
    for branch in local_branches(handle.paths):
        tip = handle.git.branch_tip(branch)
        named = branch.startswith(PROPOSALS)
        if tip is None or branch in released or not (named or branch == head):
            continue
        again = _is_again(handle, state, branch, tip)
        if not again and not _is_new(handle, state, branch, tip):
            continue
        manifests = _proposed(handle, tip)
        of_models = {manifest.model for manifest in manifests}.intersection(models)
        if (named or manifests) and (not models or of_models or any(f"/{m}@" in branch for m in models)):
            found.append(Proposal(branch, tip, manifests, again))
    return found


def _is_again(handle: Handle, state: RemoteState, branch: str, tip: str) -> bool:
    """Whether the remote has a proposal that this clone had, too, and has proposed again since."""
    theirs = state.branch(branch)
    if theirs is None or theirs == tip or not handle.git.has(theirs) or handle.git.is_ancestor(theirs, tip):
        return False
    if not was_at(handle.paths, f"{HEADS}{branch}", theirs) and not is_made_again(handle, theirs, tip):
        return False
    before, now = (_bytes_of(_proposed(handle, commit)) for commit in (theirs, tip))
    return bool(before) and before <= now


def _bytes_of(manifests: Iterable[Manifest]) -> set[tuple[str, Digest]]:
    return {(manifest.model, manifest.artifact.digest) for manifest in manifests}


def _is_new(handle: Handle, state: RemoteState, branch: str, tip: str) -> bool:
    theirs = state.branch(branch)
    if theirs is not None:
        if theirs != tip and not is_in_history(handle.git, theirs, tip):
            handle.notice(_not_pushed(handle, state, branch, tip, theirs))
            return False
        return theirs != tip
    for merged in map(state.branch, (handle.registry_branch(), handle.operations_branch())):
        if merged is not None and is_in_history(handle.git, tip, merged):
            return False
    return ref_target(handle.paths, tracking_ref(state.remote, branch)) != tip


def _not_pushed(handle: Handle, state: RemoteState, branch: str, tip: str, theirs: str) -> str:
    """Why a branch stays here: the remote has another one, or the same proposal, made again since."""
    tracking = tracking_ref(state.remote, branch)
    if was_at(handle.paths, tracking, tip) or is_made_again(handle, tip, theirs):
        step = follow_step(handle, branch, tracking.removeprefix(REMOTES))
        return f"'{state.remote}' has a newer '{branch}', proposed again: yours was not pushed ({step})"
    step = f"git push --force-with-lease {shlex.quote(state.remote)} {shlex.quote(branch)} replaces theirs"
    return f"'{state.remote}' has another branch '{branch}': yours was not pushed ({step})"


def _proposed(handle: Handle, tip: str) -> tuple[Manifest, ...]:
    """The manifests of a proposal that neither the registry branch nor the operations branch has."""
    records = handle.records()
    changed = changed_files(handle.git, records.registry, tip, MODELS)
    if records.operations not in (None, records.registry):
        # A proposed promotion has the manifests with which the operations branch started.
        changed = {
            path: oid
            for path, oid in changed_files(handle.git, records.operations, tip, MODELS).items()
            if path in changed
        }
    models = [model for path, oid in changed.items() if oid and (model := model_of_manifest(path))]
    records = handle.records_at(tip)
    manifests = (records.manifest(model) for model in models)
    return tuple(manifest for manifest in manifests if manifest is not None)
