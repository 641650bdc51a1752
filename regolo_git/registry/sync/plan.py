"""What a push changes at the remote, from what the remote has and what this clone has more.

Where both went on, the commits of this clone are committed again on those of the remote (`replay.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.advance import Move, check_can_advance
from regolo_git.git.history import own_commits
from regolo_git.git.new_commit import WrittenTag
from regolo_git.git.refs_state import local_branches
from regolo_git.git.remote.transport import ABSENT, BRANCHES, RefUpdate
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.registry.sync.landing import Landing
from regolo_git.registry.sync.meeting import Meeting
from regolo_git.registry.sync.proposals import proposals_to_push
from regolo_git.registry.sync.remote_state import RemoteState, not_at, taken_numbers
from regolo_git.registry.sync.replay import Replay, Replayed


class Pushing(NamedTuple):
    """A version whose tag is pushed: as it is here, its number at the remote, and that tag."""

    row: TagRow
    version: str
    tag: WrittenTag


@dataclass(frozen=True, slots=True)
class PushPlan:
    """The refs to move at the remote, tags before branches, and the versions whose tags they are.

    `landing` has what was committed again, None if nothing was; `proposed` the versions of proposals, and
    `lacking` the version tags of this clone that the remote lacks after this push.  `meeting` has the
    records of the remote before and after it.
    """

    updates: tuple[RefUpdate, ...]
    versions: tuple[Pushing, ...]
    landing: Landing | None
    proposed: tuple[Manifest, ...]
    lacking: frozenset[str]
    meeting: Meeting


def plan_push(
    handle: Handle,
    state: RemoteState,
    ours: Mapping[str, str],
    models: Collection[str],
    landed: Replayed,
) -> PushPlan:
    """Plans a push of everything, or of each branch up to the newest version of some models.

    `ours` are the tags of this clone, and `landed` is what an earlier run has pushed, but this clone does not
    have yet.  Every object that the remote names has to be here.  Raises Conflict, with the command that
    helps, if the user has to merge.
    """
    lacking = not_at(handle, state, ours)
    rows = _merged(handle, state, lacking)
    chains = _Chains(handle, state, rows, landed)
    found = [chains.of(branch, tip) for branch, tip in branch_tips(handle).items()]
    ended = [chain.until(models, rows.values()) for chain in found]
    branches = [
        RefUpdate(f"{BRANCHES}{chain.branch}", chain.new[-1], chain.theirs or ABSENT)
        for chain in ended
        if chain.new and chain.new[-1] != chain.theirs
    ]
    branches += [
        RefUpdate(f"{BRANCHES}{chain.branch}", chain.tip, ABSENT)
        for chain in found
        if chain.branch == handle.operations_branch() and chain.theirs is None and not chain.old
    ]  # it starts at the registry branch, and others look for it as soon as they have the setting
    replayed = chains.replay.done
    pushed = {commit for chain in ended for commit in chain.new}
    tags, versions = _tags(state, rows, replayed, found, pushed, models)
    proposals = proposals_to_push(handle, state, [chain.branch for chain in found], models)
    for each in proposals:
        ref = f"{BRANCHES}{each.branch}"
        expected = state.branch(each.branch) or ABSENT
        branches.append(RefUpdate(ref, each.tip, expected, replaces=each.replaces))
    proposed = tuple(manifest for each in proposals for manifest in each.manifests)
    landing = _landing(handle, state, found, ended, replayed)
    after = frozenset(lacking).difference(each.row.tag for each in versions)
    moved = {chain.branch: chain.new[-1] for chain in ended if chain.new}
    meeting = Meeting.of(handle, state.branch, moved)
    return PushPlan((*tags, *branches), versions, landing, proposed, after, meeting)


def named_tips(handle: Handle, state: RemoteState, plan: PushPlan) -> list[str]:
    """The tips of the branches of this clone that the remote has, or is about to have, as far as it has them.

    Of the registry branch it is the tip here: what was merged into it may wait for its tags.
    """
    moved = {update.ref: update.new for update in plan.updates}
    tips = {
        name: moved.get(f"{BRANCHES}{name}") or state.branch(name) for name in local_branches(handle.paths)
    }
    tips[handle.registry_branch()] = handle.git.branch_tip(handle.registry_branch())
    return [tip for tip in tips.values() if tip is not None and handle.git.has(tip)]


def _merged(handle: Handle, state: RemoteState, rows: Mapping[str, TagRow]) -> Mapping[str, TagRow]:
    """The versions that count as merged: in the new commits of the branches, or by all that is known."""
    new: set[str] = set()
    for branch, tip in branch_tips(handle).items():
        theirs = state.branch(branch)
        if theirs is not None:
            new.update(own_commits(handle.git, tip, theirs))
    if all(row.commit_oid in new for row in rows.values()):
        return rows
    merged = read_merge_state(handle)
    return {name: row for name, row in rows.items() if merged.has(row)}


def branch_tips(handle: Handle) -> dict[str, str]:
    """The branches of this clone that are pushed: the registry branch, lines, and last that of operations."""
    registry, operations = handle.registry_branch(), handle.operations_branch()
    lines = handle.config().lines
    local = local_branches(handle.paths) if lines else []
    named = [name for name in local if any(fnmatchcase(name, line) for line in lines)]
    wanted = dict.fromkeys(name for name in (registry, *named) if name != operations) | {operations: None}
    return {name: tip for name in wanted if (tip := handle.git.branch_tip(name)) is not None}


@dataclass(frozen=True, slots=True)
class _Chain:
    """What a branch has more than the remote's, parents first: the commits here, and as they are pushed."""

    branch: str
    tip: str
    theirs: str | None
    old: tuple[str, ...]
    new: tuple[str, ...]

    def until(self, models: Collection[str], rows: Iterable[TagRow]) -> "_Chain":
        """The chain up to the newest version of some models; all of it without models."""
        if not models:
            return self
        ends = {row.commit_oid for row in rows if row.model in models}
        count = max((number for number, commit in enumerate(self.old, 1) if commit in ends), default=0)
        return replace(self, old=self.old[:count], new=self.new[:count])


class _Chains:
    """Finds the chain of each branch; what has to be is committed again."""

    def __init__(
        self, handle: Handle, state: RemoteState, rows: Mapping[str, TagRow], landed: Replayed
    ) -> None:
        self._handle, self._state = handle, state
        self._clashing = {row.commit_oid for name, row in rows.items() if name in state.tags}
        unpushed = {row.commit_oid: row for row in rows.values()}
        free = set(rows)
        self.replay = Replay(
            handle, unpushed, lambda model: taken_numbers(handle, state, model, free), landed
        )

    def of(self, branch: str, tip: str) -> _Chain:
        """The chain of a branch; of the operations branch after that of the registry branch, for its pins."""
        git, theirs = self._handle.git, self._state.branch(branch)
        start = theirs or self._state.branch(self._handle.registry_branch())
        commits = tuple(own_commits(git, tip, start))
        if start is None or not self._again(commits, tip, start):
            return _Chain(branch, tip, theirs, commits, commits)
        self.replay.branch(branch, tip, start)
        done, at, again = self.replay.done.commits, start, []
        for commit in commits:  # one that an earlier run pushed is in `start` already
            at = at if git.is_ancestor(done[commit], at) else done[commit]
            again.append(at)
        return _Chain(branch, tip, theirs, commits, tuple(again))

    def _again(self, commits: Sequence[str], tip: str, start: str) -> bool:
        """Whether commits have to be committed again."""
        if not commits:
            return False  # the branch is only behind
        done = self.replay.done
        clashes = any(commit in done.commits or commit in self._clashing for commit in commits)
        return clashes or bool(done.versions) or not self._handle.git.is_ancestor(start, tip)


def _tags(
    state: RemoteState,
    rows: Mapping[str, TagRow],
    replayed: Replayed,
    chains: Sequence[_Chain],
    pushed: Collection[str],
    models: Collection[str],
) -> tuple[list[RefUpdate], tuple[Pushing, ...]]:
    """The tags to create at the remote, and the versions that they are of."""
    again = {moved.step.row.tag: moved for moved in replayed.versions}
    later = {commit for chain in chains for commit in chain.new} - set(pushed)
    found: list[Pushing] = []
    for name, row in rows.items():
        moved = again.get(name)
        commit = moved.step.committed if moved is not None else row.commit_oid
        if commit in later or (models and row.model not in models and commit not in pushed):
            continue
        if moved is None and name in state.tags:
            raise Conflict(
                f"tag '{name}' is another one at '{state.remote}', and stays as it is",
                Hint("renumber", version_reference(row.model, row.version)),
            )
        version = moved.step.version if moved is not None else row.version
        tag = moved.tag if moved is not None else WrittenTag(name, row.tag_oid)
        found.append(Pushing(row, version, tag))
    updates = [RefUpdate(each.tag.ref, each.tag.oid, ABSENT) for each in found]
    return updates, tuple(found)


def _landing(
    handle: Handle,
    state: RemoteState,
    found: Sequence[_Chain],
    ended: Sequence[_Chain],
    replayed: Replayed,
) -> Landing | None:
    """What this clone has to take over once it is pushed; None if it has it already.

    Raises Conflict if a work tree is not ready.
    """
    moves = {chain.branch: Move(chain.tip, chain.new[-1]) for chain in found if chain.new != chain.old}
    for branch, move in moves.items():
        assert move.old is not None
        assert move.new is not None
        check_can_advance(handle.git, branch, move.old, move.new)
    if not moves:
        return None
    ends = {chain.branch: chain.new[-1] for chain in ended if chain.new}
    return Landing(state.remote, moves, ends, replayed)
