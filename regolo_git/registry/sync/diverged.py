"""The error for a branch that went on here and at the remote in a way that only the user can join."""

import shlex

from regolo_git.errors import Conflict
from regolo_git.git.remotes import remote_of_branch
from regolo_git.git.repository import GitRepository
from regolo_git.git.worktrees import work_trees_on
from regolo_git.hints import NextStep

REBASE, MERGE = "git pull --rebase", "git pull --no-rebase"


class Diverged(Conflict):
    """A `branch` and its remote have diverged; the hint pulls it with git, then goes on."""

    def __init__(
        self, git: GitRepository, branch: str, why: str, *, pull: str = REBASE, then: NextStep | None = None
    ) -> None:
        step = pull_of(git, branch, pull)
        hint = f"{step} && {then}" if then is not None else step
        super().__init__(f"'{branch}' and its remote have diverged: {why}", hint)
        self.branch = branch


def pull_of(git: GitRepository, branch: str, pull: str) -> str:
    """The command that pulls a branch with git, which pulls only what is checked out."""
    remote = remote_of_branch(git, branch)
    named = f"{pull} {remote.name} {branch}" if remote is not None else pull
    if git.head_branch() == branch and git.paths.work_tree is not None:
        return pull if git.config_get(f"branch.{branch}.merge") is not None else named
    for tree in work_trees_on(git.paths, branch):
        return named.replace("git", f"git -C {shlex.quote(str(tree.top))}", 1)
    if git.paths.work_tree is None:
        return f"git worktree add DIR {branch} && {named.replace('git', 'git -C DIR', 1)}"
    back = " && git switch -" if git.head_branch() is not None else ""
    return f"git switch {branch} && {named}{back}"
