"""Fetching: commits, version tags, notes and recipes; no branch and no file of this clone changes.

A tag that this clone has as another object stays, and is reported: its version needs another number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regolo_git.errors import NotFound
from regolo_git.git.history import is_in_history
from regolo_git.git.lock import exchange_lock
from regolo_git.git.refs_state import read_tags, ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.notes import merge_notes, own_notes
from regolo_git.git.remote.tags import compare_tags, create_tags
from regolo_git.git.remote.transport import BRANCHES, TAGS, OnGitProgress, ignore_git_progress
from regolo_git.git.remotes import fetch_refspecs, tracking_ref
from regolo_git.hints import Hint, NextStep
from regolo_git.records.references import version_reference
from regolo_git.records.versions import parse_tag_name
from regolo_git.registry.change import recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.recipes import fetch_recipes, fetched_tips
from regolo_git.registry.sync.remote_state import RemoteState, ask, local_tags, not_at, remote_name
from regolo_git.registry.sync.seen_tags import note_seen, tag_state
from regolo_git.text import logs
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import counted

REASON = "regolo: fetch"


@dataclass(frozen=True, slots=True)
class DifferingTag:
    """A tag that this clone and the remote have with different objects."""

    name: str
    remote: str

    def to_dict(self) -> Plain:
        """The tag as plain values."""
        return {"tag": self.name, "remote": self.remote, "hint": str(self.hint)}

    @property
    def text(self) -> str:
        """The sentence for a person."""
        return f"tag '{self.name}' is another one at '{self.remote}'; both stay as they are"

    @property
    def hint(self) -> NextStep:
        """The command that helps."""
        found = parse_tag_name(self.name)
        if found is None:
            return f"git ls-remote --tags {self.remote} {self.name}"
        return Hint("renumber", version_reference(*found))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came from a remote: the versions, as references, changed notes, and the tags that differ.

    `others` has the objects that the remote's tags of those names are.
    """

    remote: str
    versions: tuple[str, ...]
    notes: tuple[str, ...]
    differing: tuple[DifferingTag, ...]
    others: Mapping[str, str]

    def to_dict(self) -> Plain:
        """What came, as plain values."""
        return {
            "remote": self.remote,
            "versions": list(self.versions),
            "notes": list(self.notes),
            "differing": [tag.name for tag in self.differing],
        }


def fetch(handle: Handle, *, on_git_progress: OnGitProgress = ignore_git_progress) -> Fetched:
    """Fetches from the remote of the registry branch, and recipes from the shared store if anything came.

    Raises NotFound if there is no remote, TransportError if it cannot be reached.
    """
    recover_first(handle)
    with exchange_lock(handle.paths):
        remote = remote_name(handle)
        before = fetched_tips(handle, remote)
        seen, state = tag_state(handle, remote), ask(handle, remote)
        found = fetch_refs(handle, state, on_git_progress)
        note_seen(handle, seen, not_at(handle, state, local_tags(handle)))
    after = fetched_tips(handle, remote)
    if found.versions or after != before:
        fetch_recipes(handle, after, found.versions)
    logs.info("fetched %s from '%s'", counted(len(found.versions), "version"), remote)
    return found


def fetch_refs(
    handle: Handle, state: RemoteState, on_git_progress: OnGitProgress = ignore_git_progress
) -> Fetched:
    """Fetches what the remote is known to have."""
    git, found = handle.git, compare_tags(handle.git, state.tags)
    ours = own_notes(git)
    notes = [ref for ref, oid in state.notes.items() if ours.get(ref) != oid]
    tags = [f"{TAGS}{name}" for name in (*found.absent, *found.differing)]
    refspecs = [*fetch_refspecs(git, state.remote), *tags, *notes]
    transport_of(git).fetch(state.remote, refspecs, on_git_progress)
    git.reopen()  # what came is in new packs
    _fetch_left_out(handle, state)
    created = create_missing(handle, found.absent)
    changed = merge_notes(git, state.notes)
    differing = tuple(DifferingTag(name, state.remote) for name in sorted(found.differing))
    others = {name: each.theirs for name, each in found.differing.items()}
    return Fetched(state.remote, created, changed, differing, others)


def _fetch_left_out(handle: Handle, state: RemoteState) -> None:
    """Fetches the operations branch in a clone that git has fetch others only, as one of a single branch."""
    try:
        branch = handle.operations_branch()
    except NotFound:
        return
    tip = state.branch(branch)
    if tip is not None and not is_in_history(handle.git, tip, tip):
        refspec = f"+{BRANCHES}{branch}:{tracking_ref(state.remote, branch)}"
        transport_of(handle.git).fetch(state.remote, [refspec])
        handle.git.reopen()


def create_missing(handle: Handle, tags: Mapping[str, str]) -> tuple[str, ...]:
    """Creates tags that were fetched, where their names are free; returns the versions that are new."""
    if not tags:
        return ()
    before = read_tags(handle.paths)[1]
    created = create_tags(handle.git, {n: oid for n, oid in tags.items() if n not in before}, REASON)
    named = (parse_tag_name(name) for name in sorted(created))
    return tuple(version_reference(*each) for each in named if each is not None)


def is_behind(handle: Handle, state: RemoteState, ours: Mapping[str, str], branches: Iterable[str]) -> bool:
    """Whether the remote has commits of some branches, or tags, that this clone may lack; it has `ours`."""
    others = [name for name, _ in state.tags.items() - ours.items()]
    if any(name in ours or not handle.git.is_shallow for name in others):
        return True
    return any(_lacks(handle, state, branch) for branch in branches)


def _lacks(handle: Handle, state: RemoteState, branch: str) -> bool:
    # An object that is here proves nothing: a fetch that was killed leaves some without those that they need.
    theirs, here = state.branch(branch), handle.git.branch_tip(branch)
    if theirs is None or theirs == ref_target(handle.paths, tracking_ref(state.remote, branch)):
        return False
    return here is None or not is_in_history(handle.git, theirs, here)
