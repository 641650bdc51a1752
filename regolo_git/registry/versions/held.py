"""What each path holds: the version that was last checked out to it, or created from it.

After the file is edited, only this note still knows which version the edit started from.  A note is a small
file in the Git directory of its work tree, so `git worktree remove` removes it too.  Paths in the work tree
are noted relative to its top, so that a repository can be moved; any other path is noted as it is.
"""

import hashlib
import os
from contextlib import suppress
from json import dumps
from pathlib import Path
from typing import NamedTuple, Self

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.small_files import replace_file
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.system_calls import read_ordinary

NOTES_KEPT = 1000


class Held(NamedTuple):
    """The version of a model whose files are, or before an edit were, at a path."""

    model: str
    version: str
    digest: str

    @classmethod
    def of(cls, model: str, version: str, digest: Digest | str) -> Self:
        """The note of a version."""
        return cls(model, version, str(digest))


def held_at(handle: Handle, path: Path) -> Held | None:
    """The note of a path; None if nothing is known about it."""
    with suppress(OSError, InvalidInput):
        reader = JsonReader.parse(read_ordinary(_note(handle, path)), "the note of a path")
        return Held(reader.get("model", str), reader.get("version", str), reader.get("digest", str))
    return None


def note_held(handle: Handle, path: Path, held: Held) -> None:
    """Notes what a path holds now; without write access nothing is noted."""
    with suppress(OSError, RegoloError):
        note = _note(handle, path)
        replace_file(note, dumps(held._asdict()).encode())
        _forget_oldest(note.parent)


def _note(handle: Handle, path: Path) -> Path:
    place = path.absolute().parent.resolve() / path.name
    top = handle.paths.work_tree
    inside = top is not None and place.is_relative_to(top.resolve())
    name = place.relative_to(top.resolve()).as_posix() if top is not None and inside else str(place)
    return handle.paths.git_dir / "regolo" / "held" / hashlib.sha256(os.fsencode(name)).hexdigest()[:32]


def _forget_oldest(directory: Path) -> None:
    """Keeps the number of notes bounded, for a program that checks out to ever new temporary paths."""
    with os.scandir(directory) as entries:
        notes = list(entries)
    if len(notes) > NOTES_KEPT:
        oldest = sorted(notes, key=lambda note: note.stat().st_mtime_ns)[: NOTES_KEPT // 2]
        for note in oldest:
            Path(note.path).unlink(missing_ok=True)
