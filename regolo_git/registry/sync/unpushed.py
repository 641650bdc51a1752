"""What this clone has and its remote lacks, as far as the last exchange tells: no remote is asked."""

from dataclasses import dataclass

from regolo_git.git.refs_state import line_tips
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import read_merge_state, unpushed_versions
from regolo_git.registry.version_status import Statuses


@dataclass(frozen=True, slots=True)
class Unpushed:
    """Versions that were not pushed, and the commits of the registry branch that the remote's lacks."""

    branch: str
    versions: tuple[str, ...]
    commits: int


def unpushed_references(handle: Handle, statuses: Statuses) -> tuple[str, ...]:
    """The merged versions that no branch of the remote has; none in a clone that never fetched a branch."""
    _, rows = unpushed_versions(handle, statuses)
    if not rows:
        return ()
    merged = read_merge_state(handle, statuses)
    return tuple(version_reference(row.model, row.version) for row in rows if merged.has(row))


def find_unpushed(handle: Handle, statuses: Statuses) -> Unpushed | None:
    """What is not pushed; None in a clone that never fetched the registry branch."""
    from regolo_git.git.history import commits_not_in  # noqa: PLC0415 - `list` needs no Git library

    tips = line_tips(handle.paths, statuses.branch, ())
    ours, theirs = tips.get(statuses.branch), tips.get(f"origin/{statuses.branch}")
    if ours is None or theirs is None:
        return None
    commits = len(commits_not_in(handle.git, ours, theirs)) if ours != theirs else 0
    return Unpushed(statuses.branch, unpushed_references(handle, statuses), commits)
