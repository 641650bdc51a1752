"""What a publishing run is about to do, written down first, so that the next run can finish or undo it.

Read and removed only under the lock of the clone: whoever holds that lock knows that the writer of a journal
which is still there has died.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.small_files import replace_file
from regolo_git.git.worktrees import FileEdit, WorkTree

# A lock file that our dead writer left is not rewritten; one of a living git is gone within this time.
STALE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LockFile:
    """A lock that a run takes, by the inode it got; None before it was taken."""

    path: str
    inode: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """One publication: refs with their objects before and after, our files, and where they are written.

    Without a branch it is a tag alone, of the commit `new`, which is there already.
    """

    branch_ref: str | None
    old: str | None
    new: str
    tag_ref: str | None
    tag_oid: str | None
    edits: tuple[FileEdit, ...]
    work_trees: tuple[WorkTree, ...]
    locks: tuple[LockFile, ...]

    @property
    def subject(self) -> str:
        """What to call it in a message."""
        return f"'{self.branch_ref or self.tag_ref}'"

    def with_taken_locks(self) -> "Journal":
        """The same with the inodes of the lock files that are there now."""
        return replace(self, locks=tuple(LockFile(lock.path, _inode(lock.path)) for lock in self.locks))


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except FileNotFoundError:
        return None


def journal_path(paths: RepositoryPaths) -> Path:
    """Where the journal of a clone lies."""
    return paths.common_dir / "regolo" / "journal.json"


def write_journal(paths: RepositoryPaths, journal: Journal) -> None:
    """Writes the journal whole.  Raises OSError."""
    replace_file(journal_path(paths), json.dumps(asdict(journal), default=str).encode())


def read_journal(paths: RepositoryPaths) -> Journal | None:
    """The journal that is there; None where there is none or it is damaged, when nothing had begun."""
    try:
        held = json.loads(journal_path(paths).read_bytes())
        return Journal(
            branch_ref=held["branch_ref"],
            old=held["old"],
            new=held["new"],
            tag_ref=held["tag_ref"],
            tag_oid=held["tag_oid"],
            edits=tuple(FileEdit(**edit) for edit in held["edits"]),
            work_trees=tuple(WorkTree(Path(t["git_dir"]), Path(t["top"])) for t in held["work_trees"]),
            locks=tuple(LockFile(**lock) for lock in held["locks"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clear_journal(paths: RepositoryPaths) -> None:
    """Forgets the journal: what it said is done or undone."""
    journal_path(paths).unlink(missing_ok=True)


def remove_stale_locks(locks: Sequence[LockFile], contents: Sequence[bytes]) -> list[str]:
    """Removes the lock files that the dead writer left; returns those that are not known to be ours.

    Ours holds nothing but what we would have put there, and has the inode that was written down (which alone
    says little: the number of a file that is gone is given to the next one), or stays as it is for a while.
    """
    foreign = []
    for lock in locks:
        path = Path(lock.path)
        inode, content = _inode(lock.path), _read(path)
        if inode is None or content is None:
            continue
        if content.strip() in contents and (inode == lock.inode or _stays(path, inode, content)):
            path.unlink(missing_ok=True)
        else:
            foreign.append(lock.path)
    return foreign


def _stays(path: Path, inode: int, content: bytes) -> bool:
    time.sleep(STALE_SECONDS)
    return _inode(os.fspath(path)) == inode and _read(path) == content


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
