"""Pulling: fetches, brings branches up to what the remote has, and then the files whose versions changed.

fetch → each branch: forward, or what is ours again on the remote's, or the user's merge or rebase
→ the files of the checked-out commit whose manifests changed and that nobody has edited
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.errors import Conflict, NotFound, RegoloError
from regolo_git.git.advance import Move, advance, check_can_advance
from regolo_git.git.lock import exchange_lock
from regolo_git.git.program import try_git
from regolo_git.git.remote.tags import compare_tags
from regolo_git.git.remote.transport import OnGitProgress, ignore_git_progress
from regolo_git.git.remotes import tracking_ref
from regolo_git.git.small_files import replace_file
from regolo_git.git.translate import git_errors
from regolo_git.records.manifest import Manifest
from regolo_git.registry.change import recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.sync.contradiction import Change, contradictions
from regolo_git.registry.sync.diverged import Diverged
from regolo_git.registry.sync.fetch import Fetched, create_missing, fetch_refs
from regolo_git.registry.sync.files import CheckedOutFiles, check_out_all, placed_manifests
from regolo_git.registry.sync.landing import (
    Finished,
    Landing,
    finish_landing,
    forget_landing,
    land,
    note_landing,
    read_landing,
)
from regolo_git.registry.sync.plan import branch_tips, plan_push
from regolo_git.registry.sync.push import PushedVersion
from regolo_git.registry.sync.recipes import fetch_recipes, fetched_tips
from regolo_git.registry.sync.remote_state import RemoteState, ask, local_tags, remote_name
from regolo_git.registry.sync.replay import Replayed
from regolo_git.registry.versions.status import artifact_state
from regolo_git.text.json_values import Plain

MERGES = ("false", "no", "off", "0")  # the values of pull.rebase that do not rebase


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did: `branches` moved, `renumbered` versions of this clone, files checked out or kept.

    `kept` has the versions whose files were edited or are not there, so that they stay as they are.
    """

    fetched: Fetched
    branches: tuple[str, ...]
    renumbered: tuple[PushedVersion, ...]
    files: CheckedOutFiles
    kept: tuple[Manifest, ...]

    def to_dict(self) -> Plain:
        """What was done, as plain values."""
        return {
            **self.fetched.to_dict(),
            "branches": list(self.branches),
            "renumbered": [version.to_dict() for version in self.renumbered],
            **self.files.to_dict(),
            "kept": [manifest.reference for manifest in self.kept],
        }


def pull(
    handle: Handle,
    *,
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
    on_git_progress: OnGitProgress = ignore_git_progress,
) -> Pulled:
    """Pulls from the remote of the registry branch.

    Raises NotFound without a remote, Conflict if the user has to merge or uncommitted changes are in the way,
    TransportError.
    """
    recover_first(handle)
    with exchange_lock(handle.paths):
        records, state = _records(handle), ask(handle, remote_name(handle))
        known = fetched_tips(handle, state.remote)
        fetched = fetch_refs(handle, state, on_git_progress)
        # Not before: what cannot be fetched moves nothing, and the files may be of other versions later.
        before = placed_manifests(handle, _begin_files(handle))
        landed = finish_landing(handle, state)
        moved = _forward(handle, state)
        renumbered, again = _again(handle, state, landed)
        fetched = _after(handle, state, fetched)
        _tell(handle, records, _records(handle))
    files, kept = _bring_files(handle, before, on_fetch, on_progress)
    if not files.failed:
        _note(handle).unlink(missing_ok=True)
    tips = fetched_tips(handle, state.remote)
    # After the files, which may have had the store confirmed, or have shown that it cannot be reached.
    if (fetched.versions or tips != known) and not files.lack_a_store:
        fetch_recipes(handle, tips, fetched.versions)
    branches = tuple(dict.fromkeys((*landed.moved, *moved, *again)))
    return Pulled(fetched, branches, renumbered, files, kept)


def _records(handle: Handle) -> RecordsAt | None:
    """The current records; None in a clone that lacks a branch of them."""
    try:
        records = handle.records()
    except NotFound:
        return None
    return records if records.lacking is None else None


def _tell(handle: Handle, before: RecordsAt | None, after: RecordsAt | None) -> None:
    """Issues a notice for each retired version that came into use, or version in use that was retired."""
    if before is None or after is None:
        return
    for found in contradictions(handle.git, Change(before, after)):
        handle.notice_once(f"{found.text}: {handle.step(found.hint(handle, after))}")


def _note(handle: Handle) -> Path:
    """Where a pull notes, for each work tree, which commit the files in it are of, until it has ended."""
    return handle.paths.git_dir / "regolo-pulling"


def _begin_files(handle: Handle) -> str | None:
    """The commit that the files are of: the checked-out one, or that of a pull before which did not end."""
    note, head = _note(handle), handle.git.head_commit()
    with git_errors(f"'{note}'"):
        noted = note.read_text().strip() if note.is_file() else None
        if noted is not None and handle.git.has(noted):
            return noted
        if head is not None and handle.paths.work_tree is not None:
            replace_file(note, f"{head}\n".encode())
    return head


def _after(handle: Handle, state: RemoteState, fetched: Fetched) -> Fetched:
    """What was fetched, with the tags whose names are free by now."""
    created = create_missing(handle, fetched.others)
    still = compare_tags(handle.git, state.tags).differing
    differing = tuple(tag for tag in fetched.differing if tag.name in still)
    return replace(fetched, versions=(*fetched.versions, *created), differing=differing)


def _forward(handle: Handle, state: RemoteState) -> tuple[str, ...]:
    """Moves the branches that are only behind; returns their names."""
    moves = {}
    for branch, tip in branch_tips(handle).items():
        theirs = state.branch(branch)
        if theirs is not None and tip != theirs and handle.git.is_ancestor(tip, theirs):
            check_can_advance(handle.git, branch, tip, theirs)
            moves[branch] = Move(tip, theirs)
    forward = Landing(state.remote, moves, {}, Replayed())
    if not moves or read_landing(handle) is not None:  # a push's record is still needed
        advance(handle.git, moves, {}, "pull")
    else:
        note_landing(handle, forward)
        try:
            land(handle, forward, "pull")
        except RegoloError:
            forget_landing(handle)
            raise
    return tuple(moves)


def _again(
    handle: Handle, state: RemoteState, landed: Finished
) -> tuple[tuple[PushedVersion, ...], tuple[str, ...]]:
    """Commits what is ours again where both went on; else merges or rebases as git is set up to.

    Returns the versions with other numbers, and the branches that moved.
    """
    try:
        landing = plan_push(handle, state, local_tags(handle), (), landed.replayed).landing
    except Diverged as error:
        return (), (_by_git(handle, state, error),)
    if landing is None:
        return (), ()
    here = landing.of_this_clone()
    note_landing(handle, here)
    land(handle, here, "pull")
    versions = (PushedVersion(s.row.model, s.version, s.row.version) for s, _ in landing.versions)
    return tuple(each for each in versions if each.version != each.before), tuple(landing.branches)


def _by_git(handle: Handle, state: RemoteState, error: Diverged) -> str:
    """Merges or rebases the branch if it is checked out, as git is set up to; else raises the error."""
    git, top = handle.git, handle.paths.work_tree
    branch = git.head_branch()
    wanted = git.config_get(f"branch.{branch}.rebase") or git.config_get("pull.rebase")
    if branch != error.branch or top is None or wanted is None:
        raise error
    theirs = tracking_ref(state.remote, branch)
    how = ("merge", "--no-edit") if wanted.lower() in MERGES else ("rebase",)
    answer = try_git(handle.paths.git_dir, top, *how, theirs)
    if answer.status != 0:
        raise Conflict(f"git {how[0]} stopped: {answer.words}", "git status") from error
    return branch


def _bring_files(
    handle: Handle, before: Mapping[str, Manifest], on_fetch: OnProgress, on_progress: OnProgress
) -> tuple[CheckedOutFiles, tuple[Manifest, ...]]:
    """Checks out the files whose manifests changed, if they are those of the manifests before."""
    changed = [
        each
        for model, each in placed_manifests(handle).items()
        if _content(each) != _content(before.get(model)) and not _is_untouched(handle, each)
    ]
    there = {each.model for each in changed if _is_untouched(handle, before.get(each.model))}
    kept = tuple(each for each in changed if each.model not in there)
    wanted = [each for each in changed if each.model in there]
    return check_out_all(handle, wanted, on_progress, before=before, on_fetch=on_fetch), kept


def _content(manifest: Manifest | None) -> object:
    return (manifest.artifact.path, manifest.artifact.digest) if manifest is not None else None


def _is_untouched(handle: Handle, manifest: Manifest | None) -> bool:
    return manifest is not None and artifact_state(handle, manifest).state == "unchanged"
