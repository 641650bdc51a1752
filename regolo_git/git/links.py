"""Symbolic links in the trees of commits, whose content is a path."""

import pygit2

from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def is_link(git: GitRepository, commit: str, path: str) -> bool:
    """Whether there is a symbolic link at a path of a commit.  Raises NotFound if this clone lacks it."""
    with git_errors(f"commit '{commit}'"):
        tree = git.get(commit).peel(pygit2.Tree)
        return path in tree and tree[path].filemode == pygit2.enums.FileMode.LINK
