"""A commit of the index as it is, which no ref names: what a hook judges before the user's own exists."""

import pygit2

from regolo_git.git.environment import index_in_use
from regolo_git.git.program import run_git
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

NOBODY = ("regolo-git", "regolo-git@localhost", 0, 0)


def commit_of_index(git: GitRepository, parent: str) -> str:
    """Writes a commit of the index that git names, and returns its id; no ref names it.

    The same index and parent give the same commit.  Raises Conflict for an index with conflicts.
    """
    paths = git.paths
    tree = run_git(paths.git_dir, paths.work_tree, "write-tree", index=index_in_use()).decode().strip()
    with git_errors("the staged commit"):
        nobody = pygit2.Signature(*NOBODY)
        git.reopen()  # the tree may be new
        return str(git.pygit.create_commit(None, nobody, nobody, "staged", tree, [parent]))
