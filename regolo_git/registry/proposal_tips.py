"""The branches of proposals, here and as last fetched; most clones have none.

A proposal that was made again has another tip under its old name.  Until both sides have it, the older tip is
outdated and counts no more.
"""

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.git.ref_past import was_at
from regolo_git.git.refs_state import HEADS, ref_target, refs_beside_tags
from regolo_git.records.branches import PROPOSALS
from regolo_git.registry.handle import Handle

REMOTES = "refs/remotes/"


class Places(NamedTuple):
    """The branches at a tip, and those of this clone that are at an older tip of the same proposal."""

    places: tuple[str, ...]
    outdated: tuple[str, ...] = ()


def proposal_tips(handle: Handle) -> dict[str, Places]:
    """The tips of the branches of proposals, with the names of those branches."""
    found: dict[str, Places] = {}
    outdated: dict[str, list[str]] = {}
    tips = dict(_tips(handle))
    for ref, tip in tips.items():
        newer = _newer(handle, ref, tips)
        if newer is None:
            held = found.get(tip, Places(()))
            found[tip] = Places((*held.places, ref.removeprefix(HEADS).removeprefix(REMOTES)))
        elif ref.startswith(HEADS):
            outdated.setdefault(tips[newer], []).append(ref.removeprefix(HEADS))
    return {tip: Places(held.places, tuple(outdated.get(tip, ()))) for tip, held in found.items()}


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


def _newer(handle: Handle, ref: str, tips: dict[str, str]) -> str | None:
    """The branch of the same name on the other side that has taken the place of this tip, if any."""
    if ref.startswith(HEADS):
        others = [other for other in tips if other.startswith(REMOTES) and _branch(other) == _branch(ref)]
    else:
        others = [other for other in (f"{HEADS}{_branch(ref)}",) if other in tips]
    return next((other for other in others if _took_its_place(handle, other, ref, tips)), None)


def _took_its_place(handle: Handle, other: str, ref: str, tips: dict[str, str]) -> bool:
    if tips[other] == tips[ref]:
        return False
    was_here, was_there = (was_at(handle.paths, *each) for each in ((other, tips[ref]), (ref, tips[other])))
    if was_here or was_there:
        return was_here and (not was_there or other.startswith(REMOTES))
    from regolo_git.registry.made_again import is_made_again  # noqa: PLC0415 - imports the Git library

    return is_made_again(handle, tips[ref], tips[other])


def follow_step(handle: Handle, branch: str, newer: str) -> str:
    """The command that has an outdated branch of this clone follow the newer one."""
    name, other = shlex.quote(branch), shlex.quote(newer)
    if handle.git.head_branch() == branch:
        return f"git reset --keep {other}"
    return f"git branch --force {name} {other}"
