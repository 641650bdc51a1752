"""Advances branches and tags after a fetch or a push, with the files of work trees that have them.

Only files that differ between the two commits are written, and only if the user has not changed them; the
rest of the index and of the work tree stays.  Run again after a kill, it completes the work.
"""

import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

import pygit2

from regolo_git.errors import Conflict, LostRace
from regolo_git.git.index_file import NO_OBJECT, PATIENCE_SECONDS, held_by_another, lock_of
from regolo_git.git.lock import clone_lock
from regolo_git.git.program import try_git
from regolo_git.git.recovery import recover
from regolo_git.git.ref_locks import locked_by_library
from regolo_git.git.refs_state import ref_target
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share_ref
from regolo_git.git.translate import git_errors
from regolo_git.git.worktrees import WorkTree, refuse_in_progress, work_trees_on
from regolo_git.system_calls import pause

REGULAR = "100644"


class Move(NamedTuple):
    """A ref with its object before (None: it was not there) and after (None: it is removed)."""

    old: str | None
    new: str | None


def check_can_advance(git: GitRepository, branch: str, old: str, new: str) -> None:
    """Raises Conflict if a work tree of a branch has uncommitted changes or a merge in progress."""
    for tree in work_trees_on(git.paths, branch):
        refuse_in_progress(tree)
        _write_files(tree, old, new, dry_run=True)


def advance(git: GitRepository, branches: Mapping[str, Move], tags: Mapping[str, Move], reason: str) -> None:
    """Moves branches and tags that are not yet where they should be; a tag that has changed meanwhile stays.

    Raises LostRace if another writer moved a branch, Conflict for uncommitted changes in files to be written.
    """
    with clone_lock(git.paths), git_errors("branches and tags"):
        recover(git)
        for branch, move in branches.items():
            if ref_target(git.paths, f"refs/heads/{branch}") not in move:
                raise LostRace(f"branch '{branch}' was moved by another writer", "try again")
        for branch, move in branches.items():
            if move.old is not None and move.new is not None:
                follow_in_work_trees(git, branch, move.old, move.new)
        _move_refs(git, {f"refs/tags/{name}": move for name, move in tags.items()}, reason)
        _move_refs(git, {f"refs/heads/{name}": move for name, move in branches.items()}, reason)


def take_back_files(git: GitRepository, branches: Mapping[str, Move]) -> None:
    """Gives the work trees of branches that another writer moved the files of their present commits.

    A killed `advance` may have written those of its commits; what the user has changed since stays.
    """
    with clone_lock(git.paths), git_errors("files of branches"):
        for branch, move in branches.items():
            tip = ref_target(git.paths, f"refs/heads/{branch}")
            if tip is not None and move.new is not None and tip not in move:
                for tree in work_trees_on(git.paths, branch) if shutil.which("git") is not None else ():
                    _adopt(tree, tip, move.new)
                with suppress(Conflict):
                    follow_in_work_trees(git, branch, move.new, tip)


def follow_in_work_trees(git: GitRepository, branch: str, old: str, new: str) -> None:
    """Writes what differs between two commits where a branch is checked out.  Raises Conflict as above."""
    for tree in work_trees_on(git.paths, branch):
        refuse_in_progress(tree)
        _write_files(tree, old, new)


def _move_refs(git: GitRepository, moves: Mapping[str, Move], reason: str) -> None:
    with locked_by_library(git, list(moves)) as transaction:
        for ref, move in moves.items():
            held = ref_target(git.paths, ref)
            if held != move.old or held == move.new:
                continue
            if move.new is None:
                transaction.remove(ref)
            else:
                transaction.set_target(ref, move.new, message=f"regolo: {reason}")
    for ref in moves:
        share_ref(git.paths, git.shared, ref)


def _write_files(tree: WorkTree, old: str, new: str, *, dry_run: bool = False) -> None:
    """Writes what differs between two commits to a work tree and its index."""
    if shutil.which("git") is None:
        _write_by_library(tree, new, dry_run=dry_run)
        return
    try_git(tree.git_dir, tree.top, "update-index", "-q", "--refresh")
    how = ("-n",) if dry_run else ()
    lock, deadline = lock_of(tree.git_dir), time.monotonic() + PATIENCE_SECONDS
    adopted = False
    while True:
        answer = try_git(tree.git_dir, tree.top, "read-tree", *how, "-m", "-u", old, new)
        if answer.status == 0:
            return
        if lock.name not in answer.words:
            if adopted or not _adopt(tree, old, new):
                raise _in_the_way(tree, answer.words)
            adopted = True
            continue
        if time.monotonic() > deadline:
            raise held_by_another(lock)
        pause(0.01, 0.05)


def _adopt(tree: WorkTree, old: str, new: str) -> bool:
    """Has the index know files that are what `new` has already; returns whether there are any.

    git writes the index after all files, so one that is killed in between leaves files that it takes for
    uncommitted changes.
    """
    changes = _parts(tree, "diff-tree", "-r", "-z", "--no-renames", old, new)
    entries = (line.partition("\t") for line in _parts(tree, "ls-files", "-s", "-z"))
    held = {path: words.split()[1] for words, _, path in entries}
    wanted: dict[str, str] = {}
    for words, path in zip(changes[::2], changes[1::2], strict=True):
        _, mode, before, after, _ = words.split()
        place = tree.top / path
        is_file = place.is_file() and not place.is_symlink() and "\n" not in path
        if mode == REGULAR and held.get(path, NO_OBJECT) == before and is_file:
            wanted[path] = after
    given = "".join(f"{path}\n" for path in wanted).encode("utf-8", "surrogateescape")
    found = (
        try_git(tree.git_dir, tree.top, "hash-object", "--stdin-paths", given=given).output.decode().split()
    )
    there = [path for path, oid in zip(wanted, found, strict=False) if wanted[path] == oid]
    lines = "".join(f"{REGULAR} {wanted[path]}\t{path}\0" for path in there)
    info = lines.encode("utf-8", "surrogateescape")
    done = try_git(tree.git_dir, tree.top, "update-index", "-z", "--index-info", given=info)
    try_git(tree.git_dir, tree.top, "update-index", "-q", "--refresh")
    return bool(there) and done.status == 0


def _parts(tree: WorkTree, *command: str) -> list[str]:
    output = try_git(tree.git_dir, tree.top, *command).output.decode("utf-8", "surrogateescape")
    return output.split("\0")[:-1]


def _write_by_library(tree: WorkTree, new: str, *, dry_run: bool) -> None:
    repository = pygit2.Repository(str(tree.git_dir))
    how = pygit2.enums.CheckoutStrategy.NONE if dry_run else pygit2.enums.CheckoutStrategy.SAFE
    try:
        commit = repository[new].peel(pygit2.Tree)
        repository.checkout_tree(commit, strategy=how, directory=str(tree.top))  # type: ignore[no-untyped-call]
    except pygit2.GitError as error:
        raise _in_the_way(tree, str(error)) from error


def _in_the_way(tree: WorkTree, words: str) -> Conflict:
    told = words.removeprefix("error: ").rstrip(".")
    return Conflict(
        f"uncommitted changes in '{tree.top}' are in the way: {told}",
        "git status   (then commit the changes, or put them away by git stash)",
    )
