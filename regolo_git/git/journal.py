"""The journal of a write: written before any ref moves, so that the next run can finish or undo it.

It is read and removed only under the lock of the clone: with that lock held, the writer of a remaining
journal must have died.  The first line is the journal; a second one has the locks as they were taken.
"""

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.worktrees import FileEdit, WorkTree
from regolo_git.records.json_reader import JsonReader
from regolo_git.shared_modes import make_like_parent, share_like_directory
from regolo_git.system_calls import read_ordinary

# The lock file of a dead writer stays unchanged; a running git releases its own within this time.
STALE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LockFile:
    """A lock file and its inode, None before the lock is taken."""

    path: str
    inode: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """One write: refs with their objects before and after, the edited files, and their work trees.

    Without a branch, it is only a tag on the existing commit `new`.
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
        """The ref that names the write in messages, quoted."""
        return f"'{self.branch_ref or self.tag_ref}'"

    def with_taken_locks(self) -> "Journal":
        """The journal with the current inodes of the lock files."""
        return replace(self, locks=tuple(LockFile(lock.path, _inode(lock.path)) for lock in self.locks))


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except FileNotFoundError:
        return None


def journal_path(paths: RepositoryPaths) -> Path:
    """The path of a clone's journal."""
    return Path(f"{paths.common_dir}/regolo/journal.json")


def write_journal(paths: RepositoryPaths, journal: Journal) -> None:
    """Writes the journal durably: after a power cut, a tag must not be there without it.  Raises OSError."""
    path = journal_path(paths)
    make_like_parent(path.parent)
    # Not renamed into place: an incomplete one counts as none, and fsync alone makes a new file durable with
    # its name.
    with path.open("wb") as file:
        share_like_directory(path)
        file.write(_to_json(asdict(journal)))
        file.flush()
        os.fsync(file.fileno())


def record_taken_locks(paths: RepositoryPaths, journal: Journal) -> None:
    """Adds the inodes of the taken lock files to the written journal.  Raises OSError.

    It is not durable: without the inodes, recovery takes a second longer to recognize the locks.
    """
    locks = [asdict(lock) for lock in journal.with_taken_locks().locks]
    with journal_path(paths).open("ab") as file:
        file.write(b"\n" + _to_json({"locks": locks}))


def _to_json(value: dict[str, object]) -> bytes:
    return json.dumps(value, default=str).encode()


def read_journal(paths: RepositoryPaths) -> Journal | None:
    """The journal; None if there is none, or if it is damaged, because then no ref had moved yet."""
    try:
        return parse_journal(read_ordinary(journal_path(paths)))
    except OSError:
        return None


def parse_journal(content: bytes) -> Journal | None:
    """The journal in a file's content; None if it is damaged."""
    first, _, second = content.partition(b"\n")
    try:
        journal = _read_journal(JsonReader.parse(first, "the journal"))
    except InvalidInput:
        return None
    with suppress(InvalidInput):
        journal = replace(journal, locks=_read_locks(JsonReader.parse(second, "the journal")))
    return journal


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
        locks=_read_locks(reader),
    )


def _read_locks(reader: JsonReader) -> tuple[LockFile, ...]:
    return tuple(
        LockFile(lock.get("path", str), lock.get_optional("inode", int)) for lock in reader.objects("locks")
    )


def clear_journal(paths: RepositoryPaths) -> None:
    """Removes the journal after its write was finished or undone."""
    journal_path(paths).unlink(missing_ok=True)


def remove_stale_locks(locks: Sequence[LockFile], contents: Sequence[bytes]) -> list[str]:
    """Removes the lock files of a dead writer; returns those that may belong to another program.

    The writer's lock file has only expected content, and either the recorded inode or no change for a while.
    The inode alone proves little, because file systems reuse inode numbers.
    """
    foreign = []
    for lock in locks:
        path = Path(lock.path)
        inode, content = _inode(lock.path), _read(path)
        if inode is None or content is None:
            continue
        if content.strip() in contents and (inode == lock.inode or _is_unchanged(path, inode, content)):
            path.unlink(missing_ok=True)
        else:
            foreign.append(lock.path)
    return foreign


def _is_unchanged(path: Path, inode: int, content: bytes) -> bool:
    time.sleep(STALE_SECONDS)
    return _inode(os.fspath(path)) == inode and _read(path) == content


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
