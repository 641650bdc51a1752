"""The operations branch, where it is not the registry branch: environments and endpoints are read there.

It starts at the registry branch, so it has the promotions and endpoints that were there, with their history;
from then on those of the registry branch are out of date.  Only this branch needs to be open to people who
may promote, so the registry branch, with manifests and rules, can be protected.

Nobody checks it out, so `git pull` does not move it in a clone that has written to it.  Therefore a branch
that only has to be fast-forwarded to `origin`'s is read, and continued, there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.history import directory_oid, is_in_history
from regolo_git.git.local_refs import create_branch_at, move_branch, remove_branch
from regolo_git.git.remotes import remote_of_branch
from regolo_git.git.repository import GitRepository
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS
from regolo_git.text.commits import short


def furthest_tip(git: GitRepository, branch: str) -> str | None:
    """The tip of a branch here, or `origin`'s if that contains it; None if this clone has neither."""
    here, theirs = git.branch_tip(branch), git.remote_branch_tip("origin", branch)
    if here is None or theirs is None:
        return here or theirs
    return theirs if is_in_history(git, here, theirs) else here


def bring_forward(git: GitRepository, branch: str, remote: str = "origin") -> None:
    """Fast-forwards a branch of this clone to the remote's, if it is behind, with the files of its work tree.

    Raises Conflict if changed files would be overwritten.
    """
    here, theirs = git.branch_tip(branch), git.remote_branch_tip(remote, branch)
    if here is not None and theirs is not None and here != theirs and is_in_history(git, here, theirs):
        move_branch(git, branch, here, theirs, "fast-forward")


def missing_operations(git: GitRepository, branch: str, registry: str) -> NotFound:
    """The error for a clone without the operations branch, with the command that brings it."""
    created = f"git branch {branch} {registry}"
    remote = remote_of_branch(git, branch)
    if remote is not None:
        created = f"git fetch {remote.name} {branch}:{branch}   (or, if nobody has created it yet, {created})"
    return NotFound(f"the operations branch '{branch}' is not in this clone", created)


def has_same_records(git: GitRepository, commit: str, other: str) -> bool:
    """Whether two commits have the same environments and endpoints."""
    names = (ENVIRONMENTS, ENDPOINTS)
    return all(directory_oid(git, commit, name) == directory_oid(git, other, name) for name in names)


@contextmanager
def starting(git: GitRepository, branch: str, tip: str) -> Iterator[None]:
    """A block that makes a branch the operations branch: it is created at `tip` if this clone has none.

    It is removed again if the block fails.  Raises Conflict if the branch has other environments and
    endpoints than `tip`.
    """
    known = furthest_tip(git, branch)
    if known is not None:
        refuse_other_records(git, branch, known, tip)
        yield
        return
    create_branch_at(git, branch, tip)
    try:
        yield
    except BaseException:
        remove_branch(git, branch, tip)
        raise


def refuse_other_records(git: GitRepository, branch: str, known: str, tip: str) -> None:
    """Raises Conflict if a branch would hide environments and endpoints, or bring back old ones."""
    if not has_same_records(git, known, tip):
        raise Conflict(
            f"branch '{branch}' has other environments and endpoints than are in effect",
            f"git diff {short(tip)} {branch} -- {ENVIRONMENTS} {ENDPOINTS}   (then merge, or name another)",
        )
