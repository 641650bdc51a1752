"""The tags of a remote: listed, compared with those of this clone, and created here.

A tag that both have with different objects is reported and left as it is on both sides.
"""

import shutil
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from regolo_git.git.lock import clone_lock
from regolo_git.git.program import run_git
from regolo_git.git.recovery import recover
from regolo_git.git.ref_files import RefChange, move_by_files
from regolo_git.git.refs_state import blocking_ref, read_tags, ref_target
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.transport import TAGS
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

FEW = 500  # loose refs; a clone with more lists its tags slowly
AT_ONCE = 100  # refs whose locks are open files


class Difference(NamedTuple):
    """The objects that a tag has here and at the remote."""

    ours: str
    theirs: str


class TagComparison(NamedTuple):
    """The tags of a remote that this clone lacks, and those that are another object here."""

    absent: Mapping[str, str]
    differing: Mapping[str, Difference]


def remote_tags(git: GitRepository, remote: str, patterns: Iterable[str]) -> dict[str, str]:
    """The tags of a remote that match one of some patterns (`sentiment@*`), with the ids of their objects.

    Raises TransportError if the remote cannot be reached, NotFound if it is not a repository.
    """
    found = transport_of(git).refs(remote, [f"{TAGS}{pattern}" for pattern in patterns])
    return {ref.removeprefix(TAGS): oid for ref, oid in found.items()}


def compare_tags(git: GitRepository, theirs: Mapping[str, str]) -> TagComparison:
    """Compares tags of a remote with those of this clone."""
    ours = {name: tag.oid for name, tag in read_tags(git.paths)[1].items()} if theirs else {}
    unlike = {name: oid for name, oid in theirs.items() if ours.get(name) != oid}
    absent = {name: oid for name, oid in unlike.items() if name not in ours}
    differing = {name: Difference(ours[name], oid) for name, oid in unlike.items() if name in ours}
    return TagComparison(absent, differing)


def create_tags(git: GitRepository, tags: Mapping[str, str], message: str) -> dict[str, str]:
    """Creates tags whose objects are here, and returns those that are there now, also by another writer.

    One whose name is in the way of another ref is left out.  Raises LostRace if another program holds a lock.
    """
    with clone_lock(git.paths), git_errors("tags"):
        recover(git)
        free = {
            name: oid
            for name, oid in tags.items()
            if ref_target(git.paths, f"{TAGS}{name}") is None
            and blocking_ref(git.paths, f"{TAGS}{name}") is None
        }
        changes = [RefChange(f"{TAGS}{name}", None, oid, message) for name, oid in free.items()]
        if changes and shutil.which("git") is not None:
            _create_with_git(git, changes)
        else:
            for start in range(0, len(changes), AT_ONCE):
                move_by_files(git, changes[start : start + AT_ONCE], _nothing, _nothing)
    return {name: oid for name, oid in tags.items() if ref_target(git.paths, f"{TAGS}{name}") == oid}


def _create_with_git(git: GitRepository, changes: list[RefChange]) -> None:
    """Git ends its own transaction when this process is killed, and leaves no locks behind."""
    given = "".join(f"create {change.ref} {change.new}\n" for change in changes)
    arguments = "update-ref", "-m", changes[0].message, "--stdin"
    run_git(git.paths.git_dir, git.paths.work_tree, *arguments, given=given.encode())
    if len(changes) > FEW:
        run_git(git.paths.git_dir, None, "pack-refs", "--all")


def _nothing() -> None:
    """Other writers are kept out by the lock of the clone, and by the lock of each ref."""
