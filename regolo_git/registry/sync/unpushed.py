"""What this clone has and its remote lacks, as far as the last exchange tells: no remote is asked."""

from dataclasses import dataclass

from regolo_git.git.refs_state import line_tips
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import read_merge_state, unpushed_versions
from regolo_git.registry.sync.unsent import unsent_references
from regolo_git.registry.version_status import Statuses


@dataclass(frozen=True, slots=True)
class Unpushed:
    """Versions that were not pushed, and the commits of the registry branch that the remote's lacks.

    `operations` is the operations branch, if it is another one, and `operations_commits` counts its commits.
    Of the versions `without_bytes`, only the branch was pushed.
    """

    branch: str
    versions: tuple[str, ...]
    commits: int
    operations: str | None = None
    operations_commits: int = 0
    without_bytes: tuple[str, ...] = ()


def unpushed_references(handle: Handle, statuses: Statuses, model: str | None = None) -> tuple[str, ...]:
    """The merged versions, of one model or all, that no branch of the remote has.

    There are none in a clone that never fetched a branch.
    """
    _, every = unpushed_versions(handle, statuses)
    rows = [row for row in every if model in (None, row.model)]
    if not rows:
        return ()
    merged = read_merge_state(handle, statuses)
    return tuple(version_reference(row.model, row.version) for row in rows if merged.has(row))


def find_unpushed(handle: Handle, statuses: Statuses) -> Unpushed | None:
    """What is not pushed; None in a clone that never fetched the registry branch."""
    ours, theirs = _tips(handle, statuses.branch)
    if ours is None or theirs is None:
        return None
    commits, versions = _commits(handle, ours, theirs), unpushed_references(handle, statuses)
    unsent, operations = unsent_references(handle, statuses), handle.operations_branch()
    if operations == statuses.branch:
        return Unpushed(statuses.branch, versions, commits, without_bytes=unsent)
    ours, pushed = _tips(handle, operations)
    count = _commits(handle, ours, pushed or theirs) if ours is not None else 0
    return Unpushed(statuses.branch, versions, commits, operations, count, unsent)


def _tips(handle: Handle, branch: str) -> tuple[str | None, str | None]:
    """The tip of a branch here, and at `origin` as last fetched."""
    tips = line_tips(handle.paths, branch, ())
    return tips.get(branch), tips.get(f"origin/{branch}")


def _commits(handle: Handle, ours: str, theirs: str) -> int:
    from regolo_git.git.history import commits_not_in  # noqa: PLC0415 - `list` needs no Git library

    return len(commits_not_in(handle.git, ours, theirs)) if ours != theirs else 0
