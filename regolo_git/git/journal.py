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

from regolo_git.errors import InvalidInput
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.small_files import replace_file
from regolo_git.git.worktrees import FileEdit, WorkTree
from regolo_git.records.json_reader import JsonReader

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
        return _read_journal(JsonReader.parse(journal_path(paths).read_bytes(), "the journal"))
    except (OSError, InvalidInput):
        return None


def _read_journal(reader: JsonReader) -> Journal:
    return Journal(
        branch_ref=reader.get_optional("branch_ref", str),
        old=reader.get_optional("old", str),
        new=reader.get("new", str),
        tag_ref=reader.get_optional("tag_ref", str),
        tag_oid=reader.get_optional("tag_oid", str),
        edits=tuple(
            FileEdit(edit.get("path", str), edit.get_optional("old", str), edit.get_optional("new", str))
            for edit in reader.objects("edits")
        ),
        work_trees=tuple(
            WorkTree(Path(tree.get("git_dir", str)), Path(tree.get("top", str)))
            for tree in reader.objects("work_trees")
        ),
        locks=tuple(
            LockFile(lock.get("path", str), lock.get_optional("inode", int))
            for lock in reader.objects("locks")
        ),
    )


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
