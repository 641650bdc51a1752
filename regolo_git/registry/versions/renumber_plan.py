"""What renumbering a version changes: its number, those of the versions that follow it, and the branch.

The number is free as far as this clone knows: among its tags, and in the manifests on the branches of
`origin`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from regolo_git.errors import Conflict, InvalidInput, NotFound, TransportError
from regolo_git.git.history import commits_not_in
from regolo_git.git.remote.tags import remote_tags
from regolo_git.git.remotes import remote_of_branch
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.paths import manifest_path
from regolo_git.records.references import Reference, version_reference
from regolo_git.records.versions import Version, next_version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.merge_state import unpushed_versions
from regolo_git.registry.sync.diverged import REBASE, pull_of
from regolo_git.registry.version_status import Statuses, read_statuses
from regolo_git.registry.versions.known_tags import require_history
from regolo_git.registry.versions.renumber_pins import pinned_by
from regolo_git.registry.versions.renumber_step import RENUMBERED, Step
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


@dataclass(frozen=True, slots=True)
class RenumberPlan:
    """The versions with their new numbers, the first one as requested, and who has them.

    `onto` is the commit of the remote's branch from which the branch goes on; None if it contains that.
    """

    branch: str
    tip: str | None
    onto: str | None
    steps: tuple[Step, ...]
    pins: tuple[str, ...]


def plan_renumbering(handle: Handle, reference: Reference) -> RenumberPlan:
    """Checks whether a version can get another number, and finds free ones.

    Raises NotFound, also in a shallow clone, InvalidInput for a reference without a version, Conflict for a
    version that was pushed, or if the branch has diverged from its remote with other commits.
    """
    if reference.version is None:
        raise InvalidInput(
            f"give the version of '{reference.model}' to renumber", Hint("list", reference.model)
        )
    require_history(handle)
    row, statuses = find_row(handle, reference), read_statuses(handle)
    theirs, unpushed = unpushed_versions(handle, statuses)
    _refuse_pushed(handle, row, statuses, theirs, unpushed)
    candidates = [r for r in (unpushed if theirs else handle.index.rows(row.model)) if r.model == row.model]
    branch = _branch(handle, statuses)
    tip, remote = handle.git.branch_tip(branch), theirs.get(f"origin/{branch}")
    taken = _taken(handle, row.model, [tip, *theirs.values()])
    steps = tuple(_steps(handle, row, candidates, taken))
    onto = _onto(handle, branch, tip, remote, steps)
    pins = tuple(pinned_by(handle.records(), steps))
    return RenumberPlan(branch, tip, onto, steps, pins)


def _branch(handle: Handle, statuses: Statuses) -> str:
    head = None if handle.git.is_bare else handle.git.head_branch()
    return head if head is not None and handle.config().is_line(head) else statuses.branch


def _refuse_pushed(
    handle: Handle, row: TagRow, statuses: Statuses, theirs: Mapping[str, str], unpushed: Sequence[TagRow]
) -> None:
    reference = version_reference(row.model, row.version)
    if theirs and all(other.tag_oid != row.tag_oid for other in unpushed):
        raise Conflict(
            f"'{reference}' was pushed, and a published version keeps its number",
            Hint("commit", row.model, "--from", row.version),
        )
    remote = remote_of_branch(handle.git, statuses.branch)
    with suppress(
        TransportError, NotFound
    ):  # what the last fetch says is all that an unreachable remote leaves
        if remote is not None and remote_tags(handle.git, remote.name, [row.tag]).get(row.tag) == row.tag_oid:
            raise Conflict(
                f"tag '{row.tag}' was pushed to '{remote.name}', and a published version keeps its number",
                Hint("commit", row.model, "--from", row.version),
            )


def _taken(handle: Handle, model: str, tips: Sequence[str | None]) -> list[Version]:
    """Every number of the model that is known here, with those on branches that have no tag yet."""
    manifests = (handle.records_at(tip).manifest(model) for tip in dict.fromkeys(tips) if tip is not None)
    names = [row.version for row in handle.index.rows(model)]
    names += [manifest.version for manifest in manifests if manifest is not None]
    return [Version.parse(name) for name in names]


def _steps(
    handle: Handle, first: TagRow, candidates: Sequence[TagRow], taken: list[Version]
) -> Iterator[Step]:
    """The version, then those that follow it, each after its parent."""
    manifests = {row.identity: read_tagged_manifest(handle, row) for row in (first, *candidates)}
    waiting, affected = [first], {first.identity}
    while waiting:
        row = waiting.pop(0)
        manifest, done = manifests[row.identity], _finished(handle, row)
        version = done[0] if done is not None else _free(Version.parse(row.version), taken)
        taken.append(Version.parse(version))
        yield Step(row, manifest, version, done[1] if done is not None else None)
        for other in candidates:
            follows = row.version in manifests[other.identity].parents
            if follows and other.identity not in affected:
                affected.add(other.identity)
                waiting.append(other)


def _free(version: Version, taken: Sequence[Version]) -> str:
    """The next free number of the same kind: a release, a patch, a pre-release, or of an environment."""
    found = version
    if version.is_release and not version.patch:
        found = replace(next_version(taken, "minor"), patch_written=version.patch_written)
    while found in taken:
        found = found.following()
    return found.text(zero_patch=version.patch_written)


def _finished(handle: Handle, row: TagRow) -> tuple[str, str] | None:
    """The new number and commit of a version whose old tag a killed run did not remove."""
    wanted = f"{version_reference(row.model, row.version)} {row.tag_oid}"
    for other in handle.index.with_digest(row.model, str(row.digest)):
        if (
            other.tag_oid != row.tag_oid
            and handle.git.commit_info(other.commit_oid).trailer(RENUMBERED) == wanted
        ):
            return other.version, other.commit_oid
    return None


def _onto(
    handle: Handle, branch: str, tip: str | None, remote: str | None, steps: Sequence[Step]
) -> str | None:
    """The remote's commit that the branch has to go on from.  Raises Conflict if that would lose commits."""
    if tip is None or remote is None or handle.git.is_ancestor(remote, tip):
        return None
    ahead = commits_not_in(handle.git, tip, remote)
    if ahead <= {step.row.commit_oid for step in steps}:
        return remote
    raise Conflict(
        f"'{branch}' and 'origin/{branch}' have diverged, and '{branch}' has other commits too: merge or"
        f" rebase first, and keep either manifest where '{manifest_path(steps[0].row.model)}' conflicts",
        f"{pull_of(handle.git, branch, REBASE)} && {Hint('renumber', steps[0].before)}",
    )
