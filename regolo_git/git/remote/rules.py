"""The updates that a push must not make, decided by the client: a server allows more."""

from collections.abc import Mapping, Sequence

from regolo_git.errors import MissingObject
from regolo_git.git.remote.transport import ABSENT, TAGS, RefUpdate, Refusal
from regolo_git.git.repository import GitRepository


def hopeless(git: GitRepository, updates: Sequence[RefUpdate]) -> dict[str, Refusal]:
    """The refs that would lose commits, whatever the remote has now, and why."""
    found: dict[str, Refusal] = {}
    for update in updates:
        if update.replaces or update.expected in (None, ABSENT) or update.ref.startswith(TAGS):
            continue
        refusal = _loss(git, update.expected, update.new)
        if refusal is not None:
            found[update.ref] = refusal
    return found


def against(
    git: GitRepository, updates: Sequence[RefUpdate], theirs: Mapping[str, str]
) -> dict[str, Refusal]:
    """The refs that the remote's present refs refuse, and why."""
    judged = {update.ref: _judge(git, update, theirs.get(update.ref)) for update in updates}
    return {ref: refusal for ref, refusal in judged.items() if refusal is not None}


def _judge(git: GitRepository, update: RefUpdate, theirs: str | None) -> Refusal | None:
    if theirs == update.new:
        return None
    if update.ref.startswith(TAGS):
        return Refusal.ALREADY_EXISTS if theirs is not None else None
    if update.expected is not None and update.expected != (theirs or ABSENT):
        return Refusal.MOVED
    if update.replaces:
        return None
    return _loss(git, theirs, update.new) if theirs is not None else None


def _loss(git: GitRepository, before: str, after: str) -> Refusal | None:
    if not git.has(before):
        return Refusal.FETCH_FIRST
    try:
        return None if git.is_ancestor(before, after) else Refusal.NON_FAST_FORWARD
    except MissingObject:  # a fetch that was killed has left it without its history
        return Refusal.FETCH_FIRST
