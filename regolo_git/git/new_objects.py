"""New Git objects, made durable together before any ref names them.

The library writes one object after another, each with two trips to the disk: for the file, and for its
directory.  The objects of a commit do not wait for each other, so here all files go to the disk at once, then
all directories.  Names are given in between, to contents before the objects that name them.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import pygit2
from pygit2.enums import ObjectType

from regolo_git.durable import make_all_durable, make_directories_durable
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors
from regolo_git.system_calls import random_name

Kind = Literal["blob", "tree", "commit", "tag"]
TYPES = {
    "blob": ObjectType.BLOB,
    "tree": ObjectType.TREE,
    "commit": ObjectType.COMMIT,
    "tag": ObjectType.TAG,
}
LEVEL = 1  # as git and the library compress loose objects
ROUNDS = 20  # `git gc` may remove an empty directory between its creation and its first file


class _Object(NamedTuple):
    oid: str
    kind: Kind
    data: bytes


class NewObjects:
    """Objects that are named by their content at once, and written by `write`."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._waiting: dict[str, _Object] = {}
        self._oids: dict[str, None] = {}

    @property
    def oids(self) -> tuple[str, ...]:
        """The ids of what was added, each once."""
        return tuple(self._oids)

    def add(self, kind: Kind, data: bytes) -> str:
        """Adds an object, contents before the objects that name them; returns its id."""
        oid = object_id(kind, data)
        self._waiting[oid] = _Object(oid, kind, data)
        self._oids[oid] = None
        return oid

    def write(self) -> None:
        """Writes what was added, and returns once it is durable.

        Raises MissingObject if another program removes an object meanwhile, TransportError if the disk is
        full.
        """
        waiting, self._waiting = list(self._waiting.values()), {}
        odb = self._git.pygit.odb
        new = []
        for added in waiting:
            if pygit2.Oid(hex=added.oid) in odb:
                # The library renews the time of an object that is there, so that `git gc` keeps it.
                odb.write(TYPES[added.kind], added.data)
            else:
                new.append(added)
        with git_errors("new objects"):
            _write_loose(self._git.paths.common_dir / "objects", new)
        self._git.require_written(self.oids)


def object_id(kind: Kind, data: bytes) -> str:
    """The id of an object."""
    return hashlib.sha1(_header(kind, data) + data, usedforsecurity=False).hexdigest()


def _header(kind: Kind, data: bytes) -> bytes:
    return b"%b %d\0" % (kind.encode(), len(data))


def _write_loose(top: Path, objects: Sequence[_Object]) -> None:
    """Writes objects as files of their own; on an error, those that have a name already stay."""
    created: set[Path] = set()
    files: list[tuple[int, Path]] = []
    try:
        for new in objects:
            files.append(_temporary(Path(f"{top}/{new.oid[:2]}"), created))
            _write_whole(files[-1][0], zlib.compress(_header(new.kind, new.data) + new.data, LEVEL))
        make_all_durable([descriptor for descriptor, _ in files])
        for new, (_, temporary) in zip(objects, files, strict=True):
            temporary.rename(f"{top}/{new.oid[:2]}/{new.oid[2:]}")
    except BaseException:
        for _, temporary in files:
            temporary.unlink(missing_ok=True)
        raise
    finally:
        for descriptor, _ in files:
            os.close(descriptor)
    _settle(top, objects, created)


def _settle(top: Path, objects: Iterable[_Object], created: set[Path]) -> None:
    directories = {Path(f"{top}/{new.oid[:2]}") for new in objects}
    make_directories_durable([*directories, *([top] if created else [])])


def _temporary(directory: Path, created: set[Path]) -> tuple[int, Path]:
    """A new file in a directory of objects, under a name that `git gc` removes after a kill."""
    place = directory / f"tmp_obj_{random_name(8)}"
    for _ in range(ROUNDS):
        with suppress(FileNotFoundError):
            return os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), place
        directory.mkdir(exist_ok=True)
        created.add(directory)
    raise FileNotFoundError(f"directory '{directory}' disappears as soon as it is created")


def _write_whole(descriptor: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.write(descriptor, data[at:])
