"""A push of one branch whose records depend on those of another one, which somebody may push meanwhile.

    refuse what contradicts the other branch → push with a lease on the other branch → look again

git compares the lease with what the server has when the push begins, after the bytes were sent, but a ref
that does not move is not part of the server's transaction.  To catch a push in that last instant, the other
branch is checked again once this one has landed: of two that meet, the later one sees the other and says so.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from regolo_git.errors import Conflict, RegoloError
from regolo_git.git.history import changed_files, is_in_history
from regolo_git.git.remote.transport import BRANCHES, RefUpdate
from regolo_git.hints import Hint
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.remote_branches import fetch_branches
from regolo_git.registry.sync.contradiction import Change, Contradiction, contradictions


@dataclass(frozen=True, slots=True)
class Meeting:
    """The records of a remote before and after a push."""

    handle: Handle
    change: Change

    @classmethod
    def of(cls, handle: Handle, there: Callable[[str], str | None], moved: Mapping[str, str]) -> Self:
        """A push that moves some branches to commits; `there` gives the commits of the remote's branches."""

        def after(branch: str) -> str | None:
            return moved.get(branch) or there(branch)

        return cls(handle, Change(_records(handle, there), _records(handle, after)))

    def refuse(self) -> None:
        """Raises Conflict if a retired version would be used at the remote, and is not yet."""
        found = next(contradictions(self.handle.git, self.change), None)
        if found is not None:
            raise Conflict(f"{found.text}; nothing was pushed", self._way_out(found))

    def _way_out(self, found: Contradiction) -> Hint:
        """The command that gives its user another version, after the one that brings what others did."""
        here, there = self.handle.records(), self.change.before
        pairs = (there.registry, here.registry), (there.operations, here.operations)
        if any(theirs and not self._has(theirs, ours) for theirs, ours in pairs):
            return Hint("pull")
        return found.hint(self.handle, self.change.after)

    def _has(self, theirs: str, ours: str | None) -> bool:
        return ours is not None and is_in_history(self.handle.git, theirs, ours)

    def notice_hidden(self) -> None:
        """Issues a notice for environments and endpoints on the registry branch that count on another one.

        A clone that does not know the setting yet commits them there.
        """
        git, (before, after) = self.handle.git, self.change
        registry = self.handle.registry_branch()
        operations = _operations_branch(self.handle, after.registry)
        if operations == registry or after.registry is None or before.registry is None:
            return
        for name in (ENVIRONMENTS, ENDPOINTS):
            for path, oid in changed_files(git, before.registry, after.registry, name).items():
                if oid != git.blob_oid(after.operations, path):
                    self.handle.notice_once(
                        f"'{path}' was changed on branch '{registry}', and does not count there: environments"
                        f" and endpoints are on branch '{operations}', so repeat the change after a pull"
                    )

    def leases(self) -> tuple[RefUpdate, ...]:
        """What keeps the branch that does not move as it is, if the records on the other one depend on it."""
        git, (before, after) = self.handle.git, self.change
        registry = self.handle.registry_branch()
        operations = _operations_branch(self.handle, after.registry)
        moves = before.registry != after.registry, before.operations != after.operations
        held = {
            (True, False): (operations, before.operations, self.change.retires),
            (False, True): (registry, before.registry, self.change.uses),
        }.get(moves)
        if registry == operations or held is None:
            return ()
        branch, tip, depends = held
        return (RefUpdate(f"{BRANCHES}{branch}", tip, tip),) if tip is not None and depends(git) else ()

    def look_again(self, remote: str) -> None:
        """Issues a notice if another push has met this one, which has just landed."""
        handle = self.handle
        branches = handle.registry_branch(), _operations_branch(handle, self.change.after.registry)
        with suppress(RegoloError):  # it has landed, and `fsck` looks at both branches, too
            refs = fetch_branches(handle.git, remote, branches)
            now = _records(handle, lambda branch: refs.get(f"{BRANCHES}{branch}"))
            for found in contradictions(handle.git, Change(self.change.before, now)):
                pull = handle.step(Hint("pull"))
                handle.notice_once(f"another clone has pushed at the same time: {found.text}: {pull}")


def _operations_branch(handle: Handle, registry: str | None) -> str:
    """The operations branch by the setting at a commit of the registry branch, which may be new here."""
    config = handle.records_at(registry).config()
    return (config.operations if config is not None else None) or handle.registry_branch()


def _records(handle: Handle, tip: Callable[[str], str | None]) -> RecordsAt:
    """The records at the tips of branches; the operations branch starts at the registry branch."""
    registry = tip(handle.registry_branch())
    operations = tip(_operations_branch(handle, registry))
    if operations is None or not handle.git.has(operations):
        operations = registry
    return handle.records_of(registry, operations)
