"""The history of a repository: its commits, and the files that changed between two of them.

Tree ids show what did not change.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime

import pygit2

from regolo_git.git.program import git_lines
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.tree_diff import differing_files

UNSHALLOW = "git fetch --unshallow --tags"
READ_HERE = 64


def own_commits(git: GitRepository, tip: str, *others: str | None) -> list[str]:
    """The commits in the history of `tip` that are in that of no other (None: nothing), parents first."""
    with git_errors(f"history of '{tip}'"):
        order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE
        walker = git.pygit.walk(tip, order)
        for other in filter(None, others):
            walker.hide(other)
        return [str(commit.id) for commit in walker]


def commits_not_in(git: GitRepository, tip: str, other: str) -> set[str]:
    """The commits in the history of `tip` that are not in the history of `other`."""
    with git_errors(f"history of '{tip}'"):
        walker = git.pygit.walk(tip)
        walker.hide(other)
        return {str(commit.id) for commit in walker}


def is_in_history(git: GitRepository, commit: str, tip: str) -> bool:
    """Whether a commit is `tip` or in its history; False if this clone lacks one of them."""
    return git.has(commit) and git.has(tip) and git.is_ancestor(commit, tip)


def common_commit(git: GitRepository, one: str, other: str) -> str | None:
    """The newest commit that two commits have in their histories; None if there is none."""
    with git_errors(f"history of '{one}'"):
        found = git.pygit.merge_base(one, other)
        return str(found) if found is not None else None


def directory_oid(git: GitRepository, commit: str, name: str) -> str | None:
    """The tree id of a directory in a commit; None if there is none."""
    tree = _tree(git, commit, name)
    return str(tree.id) if tree is not None else None


def shallow_boundary(git: GitRepository) -> set[str]:
    """The oldest commits of a shallow clone, which have parents that it lacks."""
    path = git.paths.common_dir / "shallow"
    return set(path.read_text().split()) if path.is_file() else set()


def first_parents(git: GitRepository, tip: str) -> Generator[str, None, None]:
    """The commits of a branch in first-parent order, newest first; stops at the edge of a shallow clone.

    The first ones are read here, and the rest by a git process: ten times as fast, but it has to be started.
    """
    oid: str | None = tip
    for _ in range(READ_HERE):
        if oid is None or not git.has(oid):
            return
        yield oid
        oid = git.first_parent(oid)
    if oid is not None and git.has(oid):
        walk = ("--no-replace-objects", "rev-list", "--first-parent", oid, "--")
        with closing(git_lines(git.paths.git_dir, *walk)) as lines:
            yield from lines


def changed_files(git: GitRepository, before: str | None, after: str, prefix: str) -> dict[str, str | None]:
    """The files below a directory that differ between two commits, with the blob in the second.

    The blob is None for a deleted file; `before` is None for an empty history.
    """
    old = _tree(git, before, prefix) if before is not None and git.has(before) else None
    new = _tree(git, after, prefix)
    with git_errors(f"commit '{after}'"):
        return differing_files(git, str(old.id) if old else None, str(new.id) if new else None, prefix)


def commits_since(git: GitRepository, tip: str, since: datetime) -> list[str]:
    """The commits in the history of `tip` since a time, and their parents.

    So the state of a branch at that time is included.  The whole history is walked, because a commit from a
    wrong clock must not hide the commits before it.
    """
    found: dict[str, None] = {}
    with git_errors(f"history of '{tip}'"):
        for commit in git.pygit.walk(tip):
            if commit.commit_time >= since.timestamp():
                found |= dict.fromkeys([str(commit.id), *map(str, commit.parent_ids)])
    return list(found)


class FilesOnce:
    """The files below a directory in several commits, each path with each blob only once.

    Trees that two commits share are recognized by their ids and not walked again.
    """

    def __init__(self, git: GitRepository, prefix: str) -> None:
        self._git = git
        self._prefix = prefix
        self._seen: set[tuple[str, pygit2.Oid]] = set()

    def of(self, commit: str) -> Iterator[tuple[str, str]]:
        """(path, blob id) of each file that was in no earlier commit.  Raises MissingObject."""
        top = _tree(self._git, commit, self._prefix)
        waiting: list[tuple[str, pygit2.Object]] = [(self._prefix, top)] if top is not None else []
        while waiting:
            path, held = waiting.pop()
            if (path, held.id) in self._seen:
                continue
            self._seen.add((path, held.id))
            if isinstance(held, pygit2.Tree):
                with git_errors(f"'{path}' of commit '{commit}'"):
                    waiting += [(f"{path}/{entry.name}", entry) for entry in held]
            elif isinstance(held, pygit2.Blob):
                yield path, str(held.id)


def _tree(git: GitRepository, commit: str, prefix: str) -> pygit2.Tree | None:
    with git_errors(f"commit '{commit}'"):
        top = git.get(commit).peel(pygit2.Tree)
        found = top[prefix] if prefix in top else None  # noqa: SIM401 - it has no `get`
    return found if isinstance(found, pygit2.Tree) else None
