"""The commits that changed records on the operations branch, newest first, and when each reached it.

A commit's own time comes from its committer's clock, which may be wrong, so the order is that of the branch,
from first parent to first parent.  A merge stands for the commits that it brought: a proposal (its message
has the trailer `Regolo-Proposed`) counts from that merge, any other commit from its own time, because a merge
from elsewhere brings commits that were on the branch before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from regolo_git.errors import NotFound
from regolo_git.git.branch_changes import Wanted
from regolo_git.git.history import UNSHALLOW, commits_not_in, shallow_boundary
from regolo_git.git.repository import CommitInfo, GitRepository
from regolo_git.registry.handle import Handle

PROPOSED = "Regolo-Proposed"
# Why the server that decides on a canary made a change, in a trailer.
EVIDENCE = "Regolo-Evidence"
# As `git revert` writes it, with or without `--reference`.
REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{7,40})\b", re.MULTILINE)
DEPTH = 32  # merges inside merged lines; people do not go so deep, and a hostile history counts as one commit

_Brought = tuple[CommitInfo, str, datetime]


@dataclass(frozen=True, slots=True)
class BranchEvent:
    """A commit that changed a record, and when it reached the branch.

    `info` is of the commit itself, also where a merge brought it.
    """

    info: CommitInfo
    path: str
    when: datetime


def action_of(info: CommitInfo) -> tuple[str, str | None]:
    """The action that a commit records, "revert" with the commit that it reverts, or "edit"."""
    action = info.trailer("Regolo-Action")
    undone = REVERTS.search(info.message) if action is None else None
    if undone is not None:
        return "revert", undone[1]
    return action or "edit", None


def branch_events(
    handle: Handle, tip: str, wanted: Wanted, *, since_added: bool = False
) -> Iterator[BranchEvent]:
    """The commits of a branch that changed the wanted paths; reads only as far as the caller goes.

    With `since_added` it ends at the commit that added the file last.  Raises NotFound in a shallow clone if
    the caller goes on where older commits are missing.
    """
    boundary = shallow_boundary(handle.git)
    changes = handle.branch_changes.of_paths(tip, wanted)
    for commit, group in groupby(changes, key=lambda change: change.commit):
        added = {change.path: change.added for change in group}
        info = handle.git.commit_info(commit)
        for brought, path, when in _brought(handle.git, info, list(added), DEPTH):
            yield BranchEvent(brought, path, when)
        # The oldest commits of a shallow clone seem to add all that they have.
        if since_added and all(added.values()) and commit not in boundary:
            return
    if boundary:
        raise NotFound("this clone is shallow: it lacks the history that this needs", UNSHALLOW)


def _brought(git: GitRepository, info: CommitInfo, paths: Sequence[str], depth: int) -> list[_Brought]:
    """A commit that changed some paths, or in place of a merge the commits of the lines that it merged."""
    if len(info.parents) < 2 or depth == 0:
        return [(info, path, info.committed_at) for path in paths]
    found = [
        brought for parent in info.parents[1:] for brought in _on_line(git, parent, info, paths, depth - 1)
    ]
    known = {path for _, path, _ in found}
    own = [path for path in paths if path not in known or _is_resolved(git, info, path)]
    return [*((info, path, info.committed_at) for path in own), *found]


def _is_resolved(git: GitRepository, merge: CommitInfo, path: str) -> bool:
    """Whether a merge has another file than each of its parents."""
    return git.blob_oid(merge.oid, path) not in {git.blob_oid(parent, path) for parent in merge.parents}


def _on_line(
    git: GitRepository, start: str, merge: CommitInfo, paths: Sequence[str], depth: int
) -> Iterator[_Brought]:
    """The commits that changed the paths on a merged line, from first parent to first parent."""
    line, oid = commits_not_in(git, start, merge.parents[0]), start
    while oid in line:
        info = git.commit_info(oid)
        parent = info.parents[0] if info.parents else None
        changed = [path for path in paths if git.blob_oid(oid, path) != git.blob_oid(parent, path)]
        if changed and len(info.parents) > 1:
            yield from _brought(git, info, changed, depth)
        else:
            proposed = info.trailer(PROPOSED) is not None
            when = merge.committed_at if proposed else info.committed_at
            yield from ((info, path, when) for path in changed)
        oid = parent or ""
