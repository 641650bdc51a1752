"""Fetches in one round trip what is about to be read in a partial clone; any other clone lacks nothing."""

from collections.abc import Iterable

import pygit2

from regolo_git.git.repository import GitRepository


def fetch_missing(git: GitRepository, oids: Iterable[str]) -> None:
    """Fetches the objects that are not here.  What cannot be fetched now is asked for when it is read."""
    if git.promised is not None:
        missing = [oid for oid in dict.fromkeys(oids) if not git.has(oid)]
        if missing:
            git.promised.fetch(missing)


def fetch_trees(git: GitRepository, commits: Iterable[str]) -> None:
    """Fetches everything in the trees of some commits but the files."""
    if git.promised is not None:
        fetch_missing(git, {str(git.get(oid).peel(pygit2.Commit).tree_id) for oid in commits})
