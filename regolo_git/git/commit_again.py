"""Repeats a commit on another parent; author, committer and times stay the same.

Only objects are written.  Equal arguments give the same objects, unless they are signed.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta, timezone

import pygit2

from regolo_git.git.identity import Authorship, Identity
from regolo_git.git.new_commit import NewTag, WrittenTag, add_commit, add_new_tag
from regolo_git.git.new_objects import NewObjects
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.git.tree_diff import differing_files
from regolo_git.git.trees import edit_tree


def changes_of(git: GitRepository, commit: str, parent: str) -> dict[str, str | None]:
    """The files that a commit changed, with their blobs in it; None for one that it removed."""
    with git_errors(f"commit '{commit}'"):
        old, new = (str(git.get(oid).peel(pygit2.Tree).id) for oid in (parent, commit))
        found = differing_files(git, old, new, "")
    return {path.removeprefix("/"): oid for path, oid in found.items()}


def special_file(git: GitRepository, commits: Iterable[str], paths: Collection[str]) -> str | None:
    """The first of some paths that is an executable, a link or a submodule in one of the commits."""
    with git_errors("files of commits"):
        for commit in commits:
            tree = git.get(commit).peel(pygit2.Tree)
            for path in paths:
                if path in tree and tree[path].filemode != pygit2.enums.FileMode.BLOB:
                    return path
    return None


def author_of(git: GitRepository, commit: str) -> Identity:
    """The author of a commit, with the time."""
    with git_errors(f"commit '{commit}'"):
        return _identity(git.get(commit).peel(pygit2.Commit).author)


def commit_again(
    git: GitRepository,
    commit: str,
    parent: str,
    files: Mapping[str, bytes | None],
    message: str,
    tag: NewTag | None = None,
) -> tuple[str, WrittenTag | None]:
    """Writes a commit like `commit` on `parent`, with other files and message, and its tag.

    Raises Conflict if it has to be signed and cannot be.
    """
    objects = NewObjects(git)
    with git_errors(f"commit '{commit}'"):
        before, old = git.get(parent).peel(pygit2.Commit), git.get(commit).peel(pygit2.Commit)
        authorship = Authorship(_identity(old.author), _identity(old.committer))
        blobs = {
            path: objects.add("blob", data) if data is not None else None for path, data in files.items()
        }
        tree = edit_tree(objects, before.tree, blobs)
        new = add_commit(git, objects, tree, [parent], authorship, message)
        written = add_new_tag(git, objects, tag, new, blobs, authorship.committer) if tag else None
        objects.write()
    return new, written


def _identity(signature: pygit2.Signature) -> Identity:
    zone = timezone(timedelta(minutes=signature.offset))
    return Identity(signature.name, signature.email, datetime.fromtimestamp(signature.time, zone))
