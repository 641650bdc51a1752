"""A branch restarted at another commit: one new commit there replaces those that it had.

The branch is compared and moved under its lock, and its reflog keeps the commits that were replaced.
"""

from collections.abc import Callable

import pygit2

from regolo_git.errors import Conflict
from regolo_git.git.advance import check_can_advance, follow_in_work_trees
from regolo_git.git.identity import Authorship
from regolo_git.git.new_commit import Made, refuse_blocked, write_objects
from regolo_git.git.publish import Accept, Prepare, Published, move_refs, under_lock
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import require_target, update_refs
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors


def restart_branch(
    git: GitRepository,
    name: str,
    start: Callable[[], str],
    prepare: Prepare[Made],
    *,
    expected: str | None,
    replaced: str,
    authorship: Authorship,
    unchanged: Conflict,
    accept: Accept[Made] | None = None,
) -> Published[Made]:
    """Restarts a branch at `start` with one commit, which replaces its commits up to `replaced`.

    `expected` is its tip in this clone, None if it is not there.  A work tree that has it checked out
    follows.  If the new commit would be the same as `replaced`, the branch goes there.  Raises Conflict if
    the branch has another tip or if its files have changes, and `unchanged` if it is there already, or not
    in this clone.
    """

    def attempt() -> Published[Made]:
        if ref_target(git.paths, f"refs/heads/{name}") != expected:
            raise Conflict(f"branch '{name}' was moved by another program", f"git log -1 {name}")
        if expected is None:
            refuse_blocked(git, f"refs/heads/{name}")
        objects = write_objects(git, name, tip := start(), prepared := prepare(tip), authorship)
        if is_same_change(git, replaced, objects.commit):
            if expected in (None, replaced):
                raise unchanged
            check_can_advance(git, name, expected, replaced)
            _move_with_files(git, name, expected, replaced)
            return Published(name, replaced, None, prepared.made)
        published = Published(name, objects.commit, None, prepared.made)

        def accepted() -> None:
            if accept is not None:
                accept(published)

        if objects.work_trees and expected is not None:
            check_can_advance(git, name, expected, objects.commit)
            accepted()
            _move_with_files(git, name, expected, objects.commit)
        else:
            move_refs(git, name, expected, objects, accepted)
        return published

    return under_lock(git, name, prepare, attempt)


def _move_with_files(git: GitRepository, name: str, expected: str, commit: str) -> None:
    """Moves a branch that is checked out; run again after a kill, it does what is left."""
    ref = f"refs/heads/{name}"
    follow_in_work_trees(git, name, expected, commit)
    change = RefChange(ref, expected, commit, "regolo: publish")
    with git_errors(f"branch '{name}'"):
        update_refs(git, [change], lambda: require_target(git, ref, expected), lambda: None)


def is_same_change(git: GitRepository, commit: str, other: str) -> bool:
    """Whether two commits have the same parents and files."""
    with git_errors(f"commit '{commit}'"):
        one, two = (git.get(oid).peel(pygit2.Commit) for oid in (commit, other))
        return one.parent_ids == two.parent_ids and one.tree_id == two.tree_id
