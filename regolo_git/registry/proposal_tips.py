"""The branches of proposals, here and as last fetched; most clones have none.

A proposal that was made again has another tip under its old name.  Until both sides have it, the older tip is
the one that the other side was at before, and counts no more.
"""

from collections.abc import Iterator

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.ref_past import was_at
from regolo_git.git.refs_state import HEADS, ref_target, refs_beside_tags
from regolo_git.records.branches import PROPOSALS
from regolo_git.registry.handle import Handle

REMOTES = "refs/remotes/"


def proposal_tips(handle: Handle) -> dict[str, tuple[str, ...]]:
    """The tips of the branches of proposals, with the names of those branches."""
    found: dict[str, tuple[str, ...]] = {}
    tips = dict(_tips(handle))
    for ref, tip in tips.items():
        if not _is_replaced(handle.paths, ref, tips):
            found[tip] = (*found.get(tip, ()), ref.removeprefix(HEADS).removeprefix(REMOTES))
    return found


def _tips(handle: Handle) -> Iterator[tuple[str, str]]:
    for ref in refs_beside_tags(handle.paths):
        if _branch(ref).startswith(PROPOSALS):
            tip = ref_target(handle.paths, ref)
            if tip is not None:
                yield ref, tip


def _branch(ref: str) -> str:
    if ref.startswith(HEADS):
        return ref.removeprefix(HEADS)
    return ref.removeprefix(REMOTES).partition("/")[2] if ref.startswith(REMOTES) else ""


def _is_replaced(paths: RepositoryPaths, ref: str, tips: dict[str, str]) -> bool:
    """Whether the branch of the same name on the other side was at this tip before."""
    if ref.startswith(HEADS):
        others = [other for other in tips if other.startswith(REMOTES) and _branch(other) == _branch(ref)]
        return any(tips[other] != tips[ref] and was_at(paths, other, tips[ref]) for other in others)
    local = f"{HEADS}{_branch(ref)}"
    held = tips.get(local, tips[ref])
    return held != tips[ref] and was_at(paths, local, tips[ref]) and not was_at(paths, ref, held)
