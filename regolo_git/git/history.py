"""The history of a repository: the commits that changed a path, and their order.

Written for registries of a hundred thousand commits: each commit is opened once, and tree ids show what did
not change between two of them.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pygit2

from regolo_git.git.identity import utc
from regolo_git.git.repository import CommitInfo, GitRepository, files_below
from regolo_git.git.translate import git_errors

NO_OBJECT = pygit2.Oid(hex="0" * 40)


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A commit in a topological order."""

    oid: str
    parents: tuple[str, ...]
    committed_at: datetime


def path_history(git: GitRepository, tip: str, path: str) -> Iterator[CommitInfo]:
    """The commits that changed a path, newest first, simplified at merges as `git log -- path` does."""
    blobs = _BlobsAt(git, path)
    waiting: list[tuple[int, int, str]] = []
    seen: set[str] = set()

    def add(oid: str) -> None:
        if oid not in seen:
            seen.add(oid)
            heapq.heappush(waiting, (-blobs.load(oid)[0].commit_time, len(seen), oid))

    with git_errors(f"history of '{path}'"):
        add(tip)
        while waiting:
            oid = heapq.heappop(waiting)[2]
            commit, own = blobs.load(oid)
            parents = [str(parent) for parent in commit.parent_ids]
            same = [parent for parent in parents if blobs.load(parent)[1] == own]
            for parent in same[:1] or parents:
                add(parent)
            blobs.forget(oid)
            if not same and (parents or own is not None):
                yield git.commit_info(oid)


class _BlobsAt:
    """Loads commits with the blob that each has at one path."""

    def __init__(self, git: GitRepository, path: str) -> None:
        self._git = git
        self._path = path
        self._top = path.partition("/")[0]
        self._loaded: dict[str, tuple[pygit2.Commit, pygit2.Oid | None]] = {}
        # The blob depends only on the path's top directory, which most commits do not change.
        self._below: dict[pygit2.Oid, pygit2.Oid | None] = {}

    def load(self, oid: str) -> tuple[pygit2.Commit, pygit2.Oid | None]:
        if oid not in self._loaded:
            commit = self._git.get(oid).peel(pygit2.Commit)
            self._loaded[oid] = commit, self._blob(commit.tree)
        return self._loaded[oid]

    def forget(self, oid: str) -> None:
        self._loaded.pop(oid, None)

    def _blob(self, tree: pygit2.Tree) -> pygit2.Oid | None:
        if self._top not in tree:
            return None
        top = tree[self._top].id
        if top not in self._below:
            try:
                found = tree[self._path]
            except KeyError:
                found = None
            self._below = {top: found.id if isinstance(found, pygit2.Blob) else None}
        return self._below[top]


def topological_order(git: GitRepository, tip: str) -> list[Ancestor]:
    """Every commit of a history, newest first, each after all of its children."""
    sorting = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME
    with git_errors(f"history of '{tip}'"):
        return [
            Ancestor(str(c.id), tuple(str(parent) for parent in c.parent_ids), utc(c.commit_time))
            for c in git.pygit.walk(tip, sorting)
        ]


def directories_ever(git: GitRepository, tip: str, prefix: str) -> set[str]:
    """The names of all direct subdirectories that a directory ever had in the history of a commit."""
    seen: set[pygit2.Oid] = set()
    names: set[str] = set()
    with git_errors(f"history of '{prefix}'"):
        for commit in git.pygit.walk(tip):
            top = commit.tree[prefix] if prefix in commit.tree else None  # noqa: SIM401 - it has no `get`
            if isinstance(top, pygit2.Tree) and top.id not in seen:
                seen.add(top.id)
                names.update(str(entry.name) for entry in top if isinstance(entry, pygit2.Tree))
    return names


def first_parent_commits(git: GitRepository, tip: str) -> Iterator[CommitInfo]:
    """The commits of a branch in first-parent order, newest first; stops at the edge of a shallow clone."""
    oid: str | None = tip
    while oid is not None and oid in git.pygit:
        info = git.commit_info(oid)
        yield info
        oid = info.parents[0] if info.parents else None


def changed_files(git: GitRepository, before: str | None, after: str, prefix: str) -> dict[str, str | None]:
    """The files below a directory that differ between two commits, with the blob in the second.

    The blob is None for a deleted file; `before` is None for an empty history.
    """
    old = _tree(git, before, prefix) if before is not None and before in git.pygit else None
    new = _tree(git, after, prefix)
    with git_errors(f"commit '{after}'"):
        if old is not None and new is not None and old.id == new.id:
            return {}
        if old is not None and new is not None:
            files = [delta.new_file for delta in old.diff_to_tree(new).deltas]
            return {f"{prefix}/{f.path}": None if f.id == NO_OBJECT else str(f.id) for f in files}
        if new is not None:
            return dict(files_below(new, prefix))
        return {path: None for path, _ in files_below(old, prefix)} if old is not None else {}


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

    Trees that two commits share are recognised by their ids and not walked again.
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
                waiting += [(f"{path}/{entry.name}", entry) for entry in held]
            elif isinstance(held, pygit2.Blob):
                yield path, str(held.id)


def _tree(git: GitRepository, commit: str, prefix: str) -> pygit2.Tree | None:
    with git_errors(f"commit '{commit}'"):
        top = git.get(commit).peel(pygit2.Tree)
        found = top[prefix] if prefix in top else None  # noqa: SIM401 - it has no `get`
    return found if isinstance(found, pygit2.Tree) else None
