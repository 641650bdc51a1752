"""The branches of proposals, here and as last fetched; most clones have none."""

from regolo_git.git.refs_state import HEADS, ref_target, refs_beside_tags
from regolo_git.records.branches import PROPOSALS
from regolo_git.registry.handle import Handle

REMOTES = "refs/remotes/"


def proposal_tips(handle: Handle) -> dict[str, tuple[str, ...]]:
    """The tips of the branches of proposals, with the names of those branches."""
    found: dict[str, tuple[str, ...]] = {}
    for ref in refs_beside_tags(handle.paths):
        branch = ref.removeprefix(HEADS) if ref.startswith(HEADS) else _at_remote(ref)
        tip = ref_target(handle.paths, ref) if branch.startswith(PROPOSALS) else None
        if tip is not None:
            found[tip] = (*found.get(tip, ()), ref.removeprefix(HEADS).removeprefix(REMOTES))
    return found


def _at_remote(ref: str) -> str:
    return ref.removeprefix(REMOTES).partition("/")[2] if ref.startswith(REMOTES) else ""
