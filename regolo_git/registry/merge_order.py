"""The order in which commits reached the registry branch, and when.

A commit's own time comes from its committer's clock, which may be wrong, and a proposal is committed before
it is merged.  So commits are sorted topologically, children before parents, and a proposal (its message has
the trailer `Regolo-Proposed`) counts from its merge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from regolo_git.git.history import topological_order
from regolo_git.git.repository import CommitInfo, GitRepository

PROPOSED = "Regolo-Proposed"


@dataclass(frozen=True, slots=True)
class MergePoint:
    """When a commit reached the branch; a smaller `rank` is newer."""

    rank: int
    when: datetime


def merge_points(git: GitRepository, tip: str, commits: Iterable[CommitInfo]) -> Mapping[str, MergePoint]:
    """The merge point of each commit by its id; all must be in the history of `tip`."""
    order = topological_order(git, tip)
    rank = {commit.oid: number for number, commit in enumerate(order)}
    next_of = {commit.parents[0]: commit.oid for commit in order if commit.parents}
    # If several merges name a commit, the oldest counts: the last in this order.
    merge_of = {parent: commit.oid for commit in order for parent in commit.parents[1:]}
    trunk = _trunk(tip, {commit.oid: commit.parents for commit in order})
    found = {}
    for info in commits:
        oid = info.oid
        if info.trailer(PROPOSED) is not None and oid not in trunk:
            while oid not in merge_of and oid in next_of:
                oid = next_of[oid]
            oid = merge_of.get(oid, info.oid)
        found[info.oid] = MergePoint(rank[oid], order[rank[oid]].committed_at)
    return found


def _trunk(tip: str, parents: Mapping[str, tuple[str, ...]]) -> set[str]:
    trunk: set[str] = set()
    oid: str | None = tip
    while oid is not None and oid in parents:
        trunk.add(oid)
        oid = next(iter(parents[oid]), None)
    return trunk
