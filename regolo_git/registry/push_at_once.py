"""Changes that go to the remote at once: `--push`, or `regolo.push = always` in git config.

    fetch the branches and the model's tags → fast-forward the branches of this clone → prepare on the tip
    → push the commit → move the branch of this clone

The commit is pushed before any ref or file of this clone changes, so nothing stays here of a change that the
remote refuses.  If the remote has gone on meanwhile, the change is prepared again on its new tip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from regolo_git.errors import Conflict, NotFound, RegoloError, TransportError
from regolo_git.git.history import changed_files, commits_not_in, is_in_history
from regolo_git.git.lock import brief_exchange_lock
from regolo_git.git.new_commit import Made
from regolo_git.git.publish import Accept, Published
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import require_target, update_refs
from regolo_git.git.refs_state import ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.refusals import refusal_error
from regolo_git.git.remote.transport import ABSENT, BRANCHES, TAGS, Pushed, RefUpdate
from regolo_git.git.remotes import remote_of_branch, tracking_ref
from regolo_git.hints import Hint
from regolo_git.records.config import PUSH_NEVER, PUSH_SETTING, pushes_at_once
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS, endpoint_of, place_of_promotion
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.operations_branch import bring_forward
from regolo_git.registry.remote_branches import fetch_branches
from regolo_git.registry.rewritten import surplus
from regolo_git.registry.sync.diverged import REBASE, pull_of
from regolo_git.system_calls import pause
from regolo_git.text.numbers import counted

if TYPE_CHECKING:
    from regolo_git.registry.sync.meeting import Meeting

ATTEMPTS = 20
UNCHANGED = "nothing was changed in this clone"


class _WentOn(Conflict):
    """The branch of the remote was moved by somebody else during the push."""


class Destination:
    """The remote that gets a change at once, with its refs as of the last fetch."""

    def __init__(self, handle: Handle, remote: str, model: str | None) -> None:
        self.remote = remote
        self._handle = handle
        self._model = model
        self._theirs: dict[str, str] = {}
        self._tracked: dict[str, str | None] = {}
        self._replaced: dict[str, str] = {}

    def replace(self, branch: str, expected: str | None) -> None:
        """Has the remote give up the commits of a branch, up to `expected`; None: it does not have it."""
        self._replaced[branch] = expected or ABSENT

    def fetch(self) -> None:
        """Fetches the registry branch, the operations branch and the model's tags, and follows the branches.

        A branch that cannot be fast-forwarded is named in a notice.  Raises TransportError, NotFound if the
        remote is not there.
        """
        with brief_exchange_lock(self._handle.paths):
            self._fetch_all()

    def publish(self, branch: str, attempt: Callable[[Accept[Made]], Published[Made]]) -> Published[Made]:
        """Calls `attempt`, which publishes to a branch, until the remote takes it, at most ATTEMPTS times.

        Raises what it raises, and the error for a push that was refused.
        """
        with brief_exchange_lock(self._handle.paths):
            if self._tracked != self._tracking():  # another process of this clone was faster
                self._fetch_all()
            published = self._publish(branch, attempt)
            self._tracked = self._tracking()
        return published

    def _publish(self, branch: str, attempt: Callable[[Accept[Made]], Published[Made]]) -> Published[Made]:
        self._refuse_diverged(branch)
        for number in range(ATTEMPTS):
            pushed: list[Published[Made]] = []

            def accept(published: Published[Made], pushed: list[Published[Made]] = pushed) -> None:
                if pushed:  # by an attempt that then lost a race for the branch of this clone
                    raise Conflict("another program moved it meanwhile")
                self._push(branch, published.commit)
                pushed.append(published)

            try:
                return attempt(accept)
            except _WentOn:
                pause(0.02, min(0.05 * 2**number, 2.0))
                self._fetch_all()
            except RegoloError as error:
                if not pushed:
                    raise
                self._handle.notice(
                    f"'{self.remote}' has commit {pushed[0].commit} now, but branch '{branch}' here could not"
                    f" follow: {error.message}"
                )
                return pushed[0]
        raise Conflict(
            f"others keep pushing to branch '{branch}' of remote '{self.remote}'; {UNCHANGED}", "try again"
        )

    # -- from the remote ----------------------------------------------------------------------------------

    def _fetch_all(self) -> None:
        fetched: set[str] = set()
        # The fetched configuration may name another operations branch.
        while branches := {self._handle.registry_branch(), self._handle.operations_branch()} - fetched:
            self._fetch(sorted(branches))
            fetched |= branches
        self._tracked = self._tracking()

    def _tracking(self) -> dict[str, str | None]:
        """What this clone has of the branches of the remote: only exchanges with it move that."""
        refs = [tracking_ref(self.remote, ref.removeprefix(BRANCHES)) for ref in self._watched()]
        return {ref: ref_target(self._handle.git.paths, ref) for ref in refs}

    def _fetch(self, branches: list[str]) -> None:
        models = [self._model] if self._model is not None else []
        self._theirs |= fetch_branches(self._handle.git, self.remote, branches, models)
        for branch in branches:
            try:
                bring_forward(self._handle.git, branch, self.remote)
            except RegoloError as error:
                self._handle.notice_once(f"branch '{branch}' was not fast-forwarded: {error.message}")

    def _refuse_diverged(self, branch: str) -> None:
        """Raises Conflict for a branch that could not follow: what it has here is not what the remote has."""
        ref = f"{BRANCHES}{branch}"
        here = ref_target(self._handle.git.paths, ref)
        if here is not None and ref in self._theirs and branch not in self._replaced:
            self._refuse_unpushed(branch, here, self._theirs[ref])

    # -- to the remote ------------------------------------------------------------------------------------

    def _push(self, branch: str, commit: str) -> None:
        ref, git = f"{BRANCHES}{branch}", self._handle.git
        expected, tip = self._theirs.get(ref), git.first_parent(commit)
        assert tip is not None, "the registry's branches have a commit before any operation"
        self._refuse_unpushed(branch, tip, expected)
        self._refuse_unpushed_versions(tip, commit)
        meeting = self._meeting(branch, commit)
        leases = meeting.leases()
        replaced = self._replaced.get(branch)
        update = RefUpdate(ref, commit, replaced or expected or ABSENT, replaces=replaced is not None)
        done = self._sent(update, leases)
        if done is not None and done.refused:
            raise self._refusal(branch, done, is_new=expected is None)
        self._theirs[ref] = commit
        if leases:
            meeting.look_again(self.remote)
        tracking = tracking_ref(self.remote, branch)
        before = ref_target(git.paths, tracking)
        if before != commit:  # git moves it only if the configuration fetches the branch
            change = RefChange(tracking, before, commit, "regolo: push")
            with suppress(RegoloError):  # the next fetch does it as well
                update_refs(git, [change], lambda: require_target(git, tracking, before), lambda: None)

    def _meeting(self, branch: str, commit: str) -> "Meeting":
        """The change as it meets the records of the remote.  Raises Conflict if they contradict it."""
        from regolo_git.registry.sync.meeting import Meeting  # noqa: PLC0415 - few changes are pushed at once

        branches = {ref.removeprefix(BRANCHES): oid for ref, oid in self._theirs.items()}
        meeting = Meeting.of(self._handle, branches.get, {branch: commit})
        meeting.refuse()
        return meeting

    def _sent(self, update: RefUpdate, leases: Sequence[RefUpdate]) -> Pushed | None:
        """The outcome of the push; None if the remote took it and the connection broke before it said so."""
        transport = transport_of(self._handle.git)
        try:
            return transport.push(self.remote, [update, *leases])
        except TransportError as error:
            with suppress(RegoloError):
                if transport.refs(self.remote, [update.ref]).get(update.ref) == update.new:
                    return None
            raise TransportError(f"{error.message}; {UNCHANGED}", error.hint) from error

    def _refuse_unpushed(self, branch: str, tip: str, expected: str | None) -> None:
        """Raises Conflict if the change would take along commits, or if it is not on the remote's tip."""
        git, remote = self._handle.git, self.remote
        heads = [expected] if expected is not None else self._heads()
        if any(tip == head if expected is not None else is_in_history(git, tip, head) for head in heads):
            return
        if expected is not None and is_in_history(git, tip, expected):
            raise Conflict(
                f"branch '{branch}' is behind '{remote}/{branch}'; {UNCHANGED}",
                f"git merge --ff-only {remote}/{branch}",
            )
        if expected is not None:
            self._refuse_rewritten(branch, tip, expected)
        count = len(commits_not_in(git, tip, heads[0])) if heads else 1
        what = counted(count, "commit")
        raise Conflict(f"branch '{branch}' has {what} that '{remote}' lacks; {UNCHANGED}", Hint("push"))

    def _refuse_rewritten(self, branch: str, tip: str, expected: str) -> None:
        """Raises Conflict if the remote has given up commits that are here: `push` would bring them back."""
        remote = self.remote
        more = surplus(self._handle.git, tip, remote, branch, expected)
        if more.taken_back:
            what = counted(len(more.taken_back), "commit")
            raise Conflict(
                f"branch '{branch}' of '{remote}' was rewritten: it lacks {what} that it had; {UNCHANGED}",
                pull_of(self._handle.git, branch, REBASE),
            )

    def _heads(self) -> list[str]:
        return [oid for ref, oid in self._theirs.items() if ref.startswith(BRANCHES)]

    def _refuse_unpushed_versions(self, tip: str, commit: str) -> None:
        """Raises Conflict if a changed record names a version whose tag is not the same at the remote."""
        git, index = self._handle.git, self._handle.index
        found = [index.find(*key) for key in dict.fromkeys(self._named(tip, commit))]
        rows = [row for row in found if row is not None]
        if any(self._theirs.get(f"{TAGS}{row.tag}") != row.tag_oid for row in rows):
            self._theirs |= transport_of(git).refs(self.remote, [f"{TAGS}{row.tag}" for row in rows])
        for row in rows:
            theirs = self._theirs.get(f"{TAGS}{row.tag}")
            reference = version_reference(row.model, row.version)
            if theirs is None:
                raise Conflict(
                    f"'{reference}' was not pushed to '{self.remote}'; {UNCHANGED}", Hint("push", row.model)
                )
            if theirs != row.tag_oid:
                raise Conflict(
                    f"remote '{self.remote}' has another tag '{row.tag}'; {UNCHANGED}",
                    Hint("renumber", reference),
                )

    def _named(self, tip: str, commit: str) -> Iterator[tuple[str, str]]:
        """Model and identity of each version that environments and endpoints name since a commit."""
        git = self._handle.git
        for path, blob in changed_files(git, tip, commit, ENVIRONMENTS).items():
            if blob is not None and place_of_promotion(path) is not None:
                promotion = Promotion.parse(git.read_blob(blob), path)
                yield promotion.model, Version.parse(promotion.version).identity
        for path, blob in changed_files(git, tip, commit, ENDPOINTS).items():
            if blob is not None and endpoint_of(path) is not None:
                endpoint = Endpoint.parse(git.read_blob(blob), path)
                yield from ((endpoint.model, Version.parse(name).identity) for name in endpoint.versions)

    def _refusal(self, branch: str, done: Pushed, *, is_new: bool) -> RegoloError:
        if done.lost_race and branch in self._replaced:
            return Conflict(
                f"branch '{branch}' of '{self.remote}' was moved or deleted by somebody else; {UNCHANGED}",
                f"git fetch --prune {self.remote}",
            )
        if done.lost_race and is_new and f"{BRANCHES}{branch}" not in self._watched():
            return Conflict(
                f"remote '{self.remote}' has a branch '{branch}' already; {UNCHANGED}",
                f"git fetch {self.remote}",
            )
        if done.lost_race:
            return _WentOn(f"branch '{branch}' of '{self.remote}' was moved")
        error = refusal_error(self.remote, done)
        return type(error)(f"{error.message}; {UNCHANGED}", error.hint)

    def _watched(self) -> Iterable[str]:
        branches = self._handle.registry_branch(), self._handle.operations_branch()
        return [f"{BRANCHES}{branch}" for branch in branches]


def destination(handle: Handle, push: bool | None, model: str | None = None) -> Destination | None:
    """The remote that a change goes to at once, after a fetch from it; None if the change stays here.

    `push` None is what `regolo.push` of git config says, in a clone that has a remote.  The fetch brings the
    tags of `model` too.  Raises InvalidInput for another value of the setting, NotFound if there is no
    remote, TransportError if it cannot be reached.
    """
    if push is None:
        wanted = pushes_at_once(handle.git.config_get(PUSH_SETTING) or PUSH_NEVER)
    else:
        wanted = push
    if not wanted:
        return None
    remote = remote_of_branch(handle.git, handle.registry_branch())
    if remote is None:
        if push is None:
            return None
        raise NotFound("this clone has no remote to push to", "git remote add origin URL")
    to = Destination(handle, remote.name, model)
    to.fetch()
    return to
