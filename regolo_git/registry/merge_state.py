"""Which versions count: those that the registry branch, or a branch of `registry.lines`, contains.

Anything else is marked in lists, is not `latest`, and is promoted or served only on request: anybody who may
push a tag could otherwise bypass the review.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from regolo_git.errors import NotFound, PolicyRefused
from regolo_git.git.marks import History, Tagged
from regolo_git.git.refs_state import line_tips
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import Statuses, read_statuses
from regolo_git.registry.versions.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class MergeState:
    """The versions that are not merged.  A clone without the history does not know, and lists none."""

    unmerged: dict[str, list[TagRow]] = field(default_factory=dict)

    def has(self, row: TagRow) -> bool:
        """Whether a version counts as merged."""
        return all(row.tag_oid != other.tag_oid for other in self.unmerged.get(row.model, ()))


def read_merge_state(handle: Handle, statuses: Statuses | None = None) -> MergeState:
    """The merge state by the registry branch and the lines, here and as last fetched.

    Raises NotFound if the repository is not a registry.
    """
    if _lacks_history(handle):
        return MergeState()
    return _read(handle, statuses or read_statuses(handle))


def _read(handle: Handle, statuses: Statuses) -> MergeState:
    tips = line_tips(handle.paths, statuses.branch, statuses.lines)
    if not tips:
        return MergeState()
    by_model: dict[str, list[TagRow]] = {}
    for row in handle.index.without("merged", list(tips.values()), lambda wanted: _history(handle, wanted)):
        by_model.setdefault(row.model, []).append(row)
    return MergeState(by_model)


def unpushed_versions(handle: Handle, statuses: Statuses) -> tuple[dict[str, str], list[TagRow]]:
    """The released branches of `origin`, and the versions that none of them has, as of the last fetch.

    Empty where no such branch was ever fetched.
    """
    tips = line_tips(handle.paths, statuses.branch, statuses.lines)
    theirs = {name: tip for name, tip in tips.items() if name.startswith("origin/")}
    if not theirs or _lacks_history(handle):
        return {}, []
    rows = handle.index.without("pushed", list(theirs.values()), lambda wanted: _history(handle, wanted))
    return theirs, rows


def released_tips(handle: Handle) -> list[str]:
    """The tip of the registry branch, then those of the lines, each here or else as last fetched."""
    tip, config = handle.registry_tip(), handle.config()
    names = line_tips(handle.paths, config.branch, config.lines)
    tips = [handle.git.newest_known(name.removeprefix("origin/")) for name in sorted(names)]
    return list(dict.fromkeys(oid for oid in (tip, *tips) if oid is not None))


def _lacks_history(handle: Handle) -> bool:
    return (handle.paths.common_dir / "shallow").is_file()


def _history(handle: Handle, tips: Sequence[str]) -> History:
    from regolo_git.git.containment import Containment  # noqa: PLC0415 - `list` needs no Git library

    handle.git.reopen()  # the library reads the edge of a shallow clone only when it opens one
    return Containment(handle.git, tips)


def _is_merged(handle: Handle, row: TagRow, statuses: Statuses) -> bool:
    if not _lacks_history(handle):
        return _read(handle, statuses).has(row)
    # Not by the index: what this clone cannot see today, it may have fetched tomorrow.
    created = int(row.created_at.timestamp())
    tagged = Tagged(row.tag_oid, row.commit_oid, row.model, row.manifest_oid, created)
    tips = line_tips(handle.paths, statuses.branch, statuses.lines)
    history = _history(handle, list(tips.values()))
    return bytes.fromhex(row.commit_oid) in history.commits_since([]) or bool(
        history.contained([], [tagged], [])
    )


def require_merged(handle: Handle, version: ModelVersion, again: Hint) -> None:
    """Raises PolicyRefused if a version is not merged, with the hint `again`.

    Raises NotFound in a shallow clone that cannot tell.
    """
    statuses = read_statuses(handle)
    row = handle.index.find(version.model_id, Version.parse(version.version).identity)
    if row is None or _is_merged(handle, row, statuses):
        return
    if _lacks_history(handle):
        raise NotFound(
            f"this clone is shallow and cannot tell whether '{version.reference}' is merged",
            "git fetch --unshallow --tags",
        )
    lines = f" or into {', '.join(statuses.lines)}" if statuses.lines else ""
    raise PolicyRefused(f"'{version.reference}' is not merged into '{statuses.branch}'{lines}", again)
