"""Fetches in one round trip what is about to be read in a partial clone; any other clone lacks nothing.

What cannot be fetched now is asked for when it is read, which has an error of its own.
"""

from collections.abc import Iterable, Sequence

import pygit2

from regolo_git.git.history import changed_files
from regolo_git.git.repository import GitRepository


def fetch_missing(git: GitRepository, oids: Iterable[str]) -> None:
    """Fetches the objects that are not here."""
    if git.promised is not None:
        missing = [oid for oid in dict.fromkeys(oids) if not git.has(oid)]
        if missing:
            git.promised.fetch(missing)


def fetch_trees(git: GitRepository, commits: Iterable[str | None]) -> None:
    """Fetches everything in the trees of some commits but the files; None is no commit."""
    if git.promised is not None:
        held = [oid for oid in dict.fromkeys(commits) if oid is not None and git.has(oid)]
        fetch_missing(git, {str(git.get(oid).peel(pygit2.Commit).tree_id) for oid in held})


def fetch_files(git: GitRepository, commits: Iterable[str | None], paths: Sequence[str]) -> None:
    """Fetches the files at some paths of several commits."""
    if git.promised is not None:
        known = [commit for commit in dict.fromkeys(commits) if commit is not None]
        fetch_trees(git, known)
        found = (git.blob_oid(commit, path) for commit in known for path in paths)
        fetch_missing(git, (oid for oid in found if oid is not None))


def fetch_new_files(git: GitRepository, commits: Sequence[str], place: str) -> None:
    """Fetches the files below a directory that each of some commits has changed, as they are in it."""
    if git.promised is not None:
        parents = {commit: git.first_parent(commit) for commit in commits}
        fetch_trees(git, (*commits, *parents.values()))
        changed = (changed_files(git, parent, commit, place) for commit, parent in parents.items())
        fetch_missing(git, (oid for files in changed for oid in files.values() if oid is not None))
