"""The commits that a repository names: refs, the HEAD of each work tree, and reflogs.

Version tags (see `tag_index.py`) and notes are not included.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pygit2

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import head_branch, head_commit, refs_beside_tags
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

NOT_TIPS = ("refs/notes/", "refs/regolo/")
REMOTE = "refs/remotes/"
KINDS = {"refs/heads/": "branch", REMOTE: "remote-tracking branch"}
# A line of a reflog: the old and the new object, the author, the time, and a message.
ENTRY = re.compile(rb"^([0-9a-f]{40}) ([0-9a-f]{40}) [^\n]*?> (\d{1,12}) [+-]\d{4}(?:\t|$)", re.MULTILINE)
NO_COMMIT = b"0" * 40


@dataclass(frozen=True, slots=True)
class Tip:
    """A commit and its name: "branch 'main'", "HEAD in '/home/ada/sentiment/.git'".

    The `ref` of a HEAD is its branch; a detached one has none.
    """

    name: str
    commit: str
    remote: bool = False  # as of the last fetch
    ref: str | None = None


def tips(git: GitRepository) -> Iterator[Tip]:
    """The commit of every branch, remote-tracking branch and other ref, and of every checked-out HEAD."""
    with git_errors("refs"):
        names = [name for name in refs_beside_tags(git.paths) if not name.startswith(NOT_TIPS)]
        found = [(name, _commit_of(git.pygit, name)) for name in names]
    for name, commit in found:
        if commit is not None:
            yield Tip(_tip_name(name), commit, remote=name.startswith(REMOTE), ref=name)
    for directory in _git_directories(git.paths):
        paths = RepositoryPaths(directory, git.paths.common_dir, None)
        checked_out, branch = head_commit(paths), head_branch(paths)
        if checked_out is not None:
            ref = f"refs/heads/{branch}" if branch is not None else None
            yield Tip(f"HEAD in '{directory}'", checked_out, ref=ref)


def reflog_tips(paths: RepositoryPaths, since: datetime) -> set[str]:
    """The commits that a ref or a HEAD pointed to since a time, according to the reflogs.

    Some of them may no longer be in the repository.
    """
    found: set[str] = set()
    for directory in _git_directories(paths):
        logs = directory / "logs"
        for path in (logs / "HEAD", *sorted((logs / "refs").rglob("*"))):
            if path.is_file():
                found |= _entries(path.read_bytes(), since.timestamp())
    return found


def _entries(log: bytes, since: float) -> set[str]:
    # The old object of an entry was current until then.
    recent = [(old, new) for old, new, seconds in ENTRY.findall(log) if int(seconds) >= since]
    return {oid.decode() for entry in recent for oid in entry if oid != NO_COMMIT}


def _git_directories(paths: RepositoryPaths) -> list[Path]:
    """The Git directories of the repository and of each linked work tree, even if that is missing."""
    linked = paths.common_dir / "worktrees"
    found = sorted(linked.iterdir()) if linked.is_dir() else []
    return [paths.common_dir, *(directory for directory in found if (directory / "HEAD").is_file())]


def _commit_of(repository: pygit2.Repository, name: str) -> str | None:
    """The commit of a ref; None if it is broken or names another kind of object."""
    try:
        return str(repository.references[name].peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _tip_name(ref: str) -> str:
    for prefix, kind in KINDS.items():
        if ref.startswith(prefix):
            return f"{kind} '{ref.removeprefix(prefix)}'"
    return f"ref '{ref}'"
