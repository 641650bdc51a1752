"""The commit that a revision names, or the error with the fetch that brings it to this clone."""

import re
import shlex

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.history import UNSHALLOW
from regolo_git.git.refs_state import ORIGIN, refs_beside_tags
from regolo_git.git.remotes import remote_of_branch, tracking_ref
from regolo_git.git.repository import GitRepository
from regolo_git.hints import Hint, NextStep
from regolo_git.records.branches import is_branch_name
from regolo_git.text.nearest import nearest
from regolo_git.text.printable import printable

COMMIT_ID = re.compile(r"[0-9a-fA-F]{7,40}")
ANCESTOR = re.compile(r"(.+?)(?:[~^][0-9]*)+")  # main~3, HEAD^
HEAD = re.compile(r"(?:HEAD|@)(?:[~^][0-9]*)*")
PULL_REQUEST = re.compile(r"(?:refs/)?(pull/[0-9]+/(?:head|merge)|merge-requests/[0-9]+/head)")
LENGTH = 250  # bytes of a ref that any system takes


def find_commit(git: GitRepository, revision: str) -> str:
    """The commit that a revision names, or that a branch of `origin` of this name has.

    Raises NotFound with the fetch that may bring it, InvalidInput for text that names more than one.
    """
    for name in (revision, f"{ORIGIN}{revision}"):
        try:
            return git.resolve(name)
        except NotFound as error:
            if "ambiguous" in str(error.__cause__):
                raise InvalidInput(
                    f"'{printable(revision)}' names several commits", "type more of it"
                ) from error
    if HEAD.fullmatch(revision) and not _exists(git, "HEAD"):
        raise no_commit_yet()
    raise NotFound(f"there is no revision '{printable(revision)}' in this clone", _next_step(git, revision))


def no_commit_yet() -> NotFound:
    """The error for a repository without a commit on the branch that is checked out."""
    return NotFound("there is no commit yet", Hint("register", "MODEL", "PATH"))


def no_common_commit(git: GitRepository, a: str, b: str) -> NotFound:
    """The error for two revisions without a common commit."""
    known = UNSHALLOW if git.is_shallow else f"git log --oneline {shlex.quote(printable(a))}"
    return NotFound(f"'{printable(a)}' and '{printable(b)}' have no common commit in this clone", known)


def _next_step(git: GitRepository, revision: str) -> NextStep:
    remote = remote_of_branch(git, git.head_branch() or "")
    older = ANCESTOR.fullmatch(revision)
    if older is not None and git.is_shallow and _exists(git, older[1]):
        return UNSHALLOW
    close = _nearest_branch(git, revision)
    if remote is None or close is not None:
        return close or "git log --oneline --all"
    return _fetch(git, remote.name, revision)


def _fetch(git: GitRepository, remote: str, revision: str) -> str:
    """The command that most probably brings a revision."""
    if pull := PULL_REQUEST.fullmatch(revision):
        return f"git fetch {remote} {pull[1]}   (and name FETCH_HEAD)"
    if COMMIT_ID.fullmatch(revision):
        return f"git fetch {remote} {revision}" if len(revision) == 40 else _everything(git, remote)
    branch = revision.removeprefix(f"{remote}/")
    if (
        not is_branch_name(branch)
        or len(branch.encode(errors="replace")) > LENGTH
        or not branch.isprintable()
    ):
        return _everything(git, remote)
    return f"git fetch {remote} {shlex.quote(f'{branch}:{tracking_ref(remote, branch)}')}"


def _everything(git: GitRepository, remote: str) -> str:
    return UNSHALLOW if git.is_shallow else f"git fetch --tags {remote}"


def _exists(git: GitRepository, revision: str) -> bool:
    try:
        git.resolve(revision)
    except NotFound:
        return False
    return True


def _nearest_branch(git: GitRepository, revision: str) -> str | None:
    refs = refs_beside_tags(git.paths)
    names = [ref.removeprefix("refs/heads/").removeprefix("refs/remotes/") for ref in refs]
    close = nearest(revision, names)
    return f"did you mean {shlex.quote(printable(close))}?" if close is not None else None
