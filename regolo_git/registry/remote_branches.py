"""Fetching some branches of a remote, and the version tags of some models, with two requests or only one."""

from collections.abc import Collection, Mapping

from regolo_git.git.refs_state import ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.tags import compare_tags, create_tags
from regolo_git.git.remote.transport import BRANCHES, TAGS
from regolo_git.git.remotes import tracking_ref
from regolo_git.git.repository import GitRepository


def fetch_branches(
    git: GitRepository, remote: str, branches: Collection[str], models: Collection[str] = ()
) -> Mapping[str, str]:
    """Moves remote-tracking branches, and creates the tags that this clone lacks; returns the remote's refs.

    A tag that this clone has as another object stays as it is.  Raises TransportError if the remote cannot be
    reached, NotFound if it is not a repository.
    """
    transport = transport_of(git)
    heads = {f"{BRANCHES}{branch}": tracking_ref(remote, branch) for branch in branches}
    theirs = transport.refs(remote, [*heads, *(f"{TAGS}{model}@*" for model in models)])
    moved = [
        f"+{ref}:{tracking}"
        for ref, tracking in heads.items()
        if ref in theirs and theirs[ref] != ref_target(git.paths, tracking)
    ]
    tags = {ref.removeprefix(TAGS): oid for ref, oid in theirs.items() if ref.startswith(TAGS)}
    absent = compare_tags(git, tags).absent if tags else {}
    if moved or absent:
        transport.fetch(remote, [*moved, *(f"{TAGS}{name}" for name in absent)])
        git.reopen()  # what came is in new packs
    if absent:
        create_tags(git, absent, "regolo: fetch")
    # A branch may have gone on between the two requests.
    came = {ref: ref_target(git.paths, tracking) for ref, tracking in heads.items() if ref in theirs}
    return {**theirs, **{ref: oid for ref, oid in came.items() if oid is not None}}
