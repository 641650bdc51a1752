"""Pushing: bytes and recipes to the shared store, then branches and tags in one step, then notes.

    ask the remote → fetch what it has more → plan, committing again where both went on
    → bytes → record what is about to land → push, all or nothing → this clone follows → notes

A push that is overtaken begins again, a bounded number of times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.errors import Conflict, LostRace, NotFound
from regolo_git.git.history import own_commits
from regolo_git.git.lock import exchange_lock
from regolo_git.git.refs_state import ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.notes import own_notes, push_notes
from regolo_git.git.remote.refusals import refusal_error
from regolo_git.git.remote.transport import (
    BRANCHES,
    RACES,
    OnGitProgress,
    Pushed,
    Refusal,
    ignore_git_progress,
)
from regolo_git.git.remotes import remote_names, tracking_ref
from regolo_git.hints import Hint
from regolo_git.records.names import check_model_name
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version, parse_tag_name
from regolo_git.registry.change import recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import nearest_model
from regolo_git.registry.sync.content import Content, SentContent
from regolo_git.registry.sync.fetch import create_missing, fetch_refs, is_behind
from regolo_git.registry.sync.landing import (
    finish_landing,
    forget_landing,
    land,
    note_landing,
    read_landing,
)
from regolo_git.registry.sync.plan import PushPlan, branch_tips, named_tips, plan_push
from regolo_git.registry.sync.remote_state import RemoteState, ask, local_tags, remote_name
from regolo_git.registry.sync.seen_tags import TagState, note_seen, tag_state, unseen_tags
from regolo_git.registry.sync.upstream import follow_remote
from regolo_git.system_calls import pause
from regolo_git.text import logs
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import counted
from regolo_git.text.sizes import size_text

ATTEMPTS = 40


@dataclass(frozen=True, slots=True)
class PushedVersion:
    """A version that was pushed; `before` is its number here until then."""

    model: str
    version: str
    before: str

    def to_dict(self) -> Plain:
        """The version as plain values."""
        return {"model": self.model, "version": self.version, "before": self.before}

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)


@dataclass(frozen=True, slots=True)
class PushResult:
    """What was pushed to a remote: branches, versions and the refs of notes, and what the store was sent."""

    remote: str
    branches: tuple[str, ...]
    versions: tuple[PushedVersion, ...]
    notes: tuple[str, ...]
    content: SentContent

    def to_dict(self) -> Plain:
        """What was pushed, as plain values."""
        return {
            "remote": self.remote,
            "branches": list(self.branches),
            "versions": [version.to_dict() for version in self.versions],
            "notes": list(self.notes),
            "store": self.content.to_dict(),
        }


def push(
    handle: Handle,
    models: Sequence[str] = (),
    *,
    on_progress: OnProgress = ignore_progress,
    on_git_progress: OnGitProgress = ignore_git_progress,
) -> PushResult:
    """Pushes everything, or the versions of some models with the commits below them.

    Where the remote went on, versions get the next free numbers.  Raises NotFound without a remote or such a
    model, Conflict if the user has to merge, StoreUnconfirmed, and TransportError; nothing of the push has a
    name at the remote then.
    """
    recover_first(handle)
    for model in models:
        if not handle.index.highest(check_model_name(model)):
            raise _no_model(handle, model)
    run = _Push(handle, remote_name(handle), models, on_progress, on_git_progress)
    with exchange_lock(handle.paths):
        for number in range(ATTEMPTS):
            if number:
                pause(0.01, min(0.02 * 2**number, 1.0))
            if run.attempt():
                return run.result()
    raise Conflict(f"others keep pushing to '{run.remote}'", Hint("push"))


def _no_model(handle: Handle, name: str) -> NotFound:
    if name not in remote_names(handle.git):
        return NotFound(f"there is no model '{name}'", nearest_model(handle, name) or Hint("list"))
    # People type `push origin`, as for git.
    goes_to = f"; pushes go to '{remote_name(handle)}', the remote of branch '{handle.registry_branch()}'"
    return NotFound(f"there is no model '{name}'{goes_to}", Hint("push"))


class _Push:
    """One push, with what its attempts have landed."""

    def __init__(
        self,
        handle: Handle,
        remote: str,
        models: Sequence[str],
        on_progress: OnProgress,
        on_git_progress: OnGitProgress,
    ) -> None:
        self.remote = remote
        self._handle, self._models = handle, models
        self._on_progress, self._on_git_progress = on_progress, on_git_progress
        self._content = Content(handle)
        self._sent = SentContent()
        self._branches: dict[str, None] = {}
        self._versions: dict[tuple[str, str], PushedVersion] = {}
        self._notes: tuple[str, ...] = ()
        self._others: Mapping[str, str] = {}

    def result(self) -> PushResult:
        """What all attempts have landed."""
        versions = tuple(self._versions.values())
        sent = size_text(self._sent.size)
        logs.info("pushed %s to '%s': sent %s", counted(len(versions), "version"), self.remote, sent)
        return PushResult(self.remote, tuple(self._branches), versions, self._notes, self._sent)

    def attempt(self) -> bool:
        """Pushes what the remote lacks; False if another push was faster."""
        handle = self._handle
        seen = tag_state(handle, self.remote)
        state, ours = self._ask(seen)
        if is_behind(handle, state, ours, _judged_branches(handle)):
            self._others = fetch_refs(handle, state, self._on_git_progress).others
            ours = local_tags(handle)
        landed = finish_landing(handle, state)
        self._note(PushedVersion(s.row.model, s.version, s.row.version) for s, _ in landed.versions)
        ours = local_tags(handle) if landed.moved else ours
        plan = plan_push(handle, state, ours, self._models, landed.replayed)
        plan.meeting.refuse()
        plan.meeting.notice_hidden()
        rows = [each.row for each in plan.versions]
        tips = named_tips(handle, state, plan)
        sent = self._content.send(rows, plan.proposed, tips, self._on_progress)
        self._sent = self._sent.joined(sent)
        if plan.landing is not None:
            note_landing(handle, plan.landing)
        if not self._land(plan):
            return False
        create_missing(handle, self._others)
        note_seen(handle, seen, plan.lacking)
        self._notice_left_behind(plan.lacking - state.tags.keys())
        self._content.note(())
        self._push_notes(state)
        return True

    def _ask(self, seen: TagState) -> tuple[RemoteState, dict[str, str]]:
        """What the remote has, and the tags of this clone that it may lack, or all if that is not enough."""
        handle, unseen = self._handle, unseen_tags(self._handle, seen)
        if unseen is not None and read_landing(handle) is None:
            state, tips = ask(handle, self.remote, unseen), branch_tips(handle)
            there = all(self._is_where_it_was(state, branch) for branch in tips)
            if there and not is_behind(handle, state, unseen, _judged_branches(handle)):
                return state, unseen
        return ask(handle, self.remote), local_tags(handle)

    def _is_where_it_was(self, state: RemoteState, branch: str) -> bool:
        """Whether the remote has a branch, and nobody has moved it: who resets it may have deleted tags."""
        theirs, seen = state.branch(branch), ref_target(self._handle.paths, tracking_ref(self.remote, branch))
        return theirs is not None and seen in (None, theirs)

    def _land(self, plan: PushPlan) -> bool:
        """Pushes, then has this clone follow; False if another writer was faster, there or here."""
        if plan.updates:
            leases = plan.meeting.leases()
            updates = (*plan.updates, *leases)
            pushed = transport_of(self._handle.git).push(self.remote, updates, self._on_git_progress)
            if pushed.refused:
                forget_landing(self._handle)
                if _overtaken(pushed):
                    return False
                raise refusal_error(self.remote, pushed)
            self._landed(plan)
            if leases:
                plan.meeting.look_again(self.remote)
        if plan.landing is not None:
            try:
                land(self._handle, plan.landing)
            except LostRace:
                return False  # a version was committed meanwhile: it is next
        return True

    def _landed(self, plan: PushPlan) -> None:
        for update in plan.updates:
            if update.ref.startswith(BRANCHES):
                branch = update.ref.removeprefix(BRANCHES)
                self._branches[branch] = None
                follow_remote(self._handle.git, self.remote, branch, update.new)
        self._note(PushedVersion(each.row.model, each.version, each.row.version) for each in plan.versions)
        self._content.note(each.tag.oid for each in plan.versions)

    def _note(self, versions: Iterable[PushedVersion]) -> None:
        for version in versions:
            self._versions[version.model, version.before] = version

    def _notice_left_behind(self, tags: Iterable[str]) -> None:
        """Issues a notice for versions that no branch has any more, as after a rebase that left them out."""
        handle, git = self._handle, self._handle.git
        named = [found for name in sorted(tags) if (found := parse_tag_name(name)) is not None]
        tips = [tip for _, tip in git.branches()] if named else []
        for model, version in named:
            row = handle.index.find(model, Version.parse(version).identity)
            if row is not None and own_commits(git, row.commit_oid, *tips):
                reference = version_reference(model, version)
                renumber = handle.step(Hint("renumber", reference))
                handle.notice_once(f"'{reference}' is on no branch, so it was not pushed: {renumber}")

    def _push_notes(self, state: RemoteState) -> None:
        ours = own_notes(self._handle.git)
        if any(state.notes.get(ref) != oid for ref, oid in ours.items()):
            self._notes = push_notes(self._handle.git, self.remote)


def _judged_branches(handle: Handle) -> set[str]:
    """The branches whose commits a push has to know: those of this clone, and that of operations."""
    return {*branch_tips(handle), handle.operations_branch()}


def _overtaken(pushed: Pushed) -> bool:
    """Whether the refs were refused only because another push was faster."""
    causes = {outcome.refusal for outcome in pushed.refused} - {Refusal.ATOMIC}
    return bool(causes) and causes <= RACES | {Refusal.ALREADY_EXISTS}
