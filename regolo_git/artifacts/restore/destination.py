"""The destination of a checkout, and the root below which no link is followed."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from regolo_git.errors import Conflict, InvalidInput, TransportError
from regolo_git.records.names import check_artifact_path
from regolo_git.records.recipe import Kind
from regolo_git.system_errors import hint_of, reason_of
from regolo_git.text.printable import printable

GIT_DIRECTORY = ".git"


@dataclass(frozen=True, slots=True)
class Destination:
    """`name` is the path below `root`; `fresh` if a whole new directory is created there.

    `path` is the path as the caller gave it, made absolute; the cache keys start with it.
    """

    root: Path
    name: str
    path: Path
    staging_base: str
    fresh: bool
    looked_at_ns: int


def find_destination(destination: Path, root: Path | None, kind: Kind) -> Destination:
    """Resolves a destination.

    Raises InvalidInput for a path inside `.git`, outside the root or with an invalid name, Conflict for a
    directory that is a link.
    """
    path = Path(os.path.abspath(destination))  # noqa: PTH100 - `..` by the text, as the cache's keys need it
    if root is None:
        root = _existing_parent(path)
        _refuse_git(root, path)
    elif not path.is_relative_to(root):
        raise InvalidInput(f"'{printable(str(path))}' is not inside '{printable(str(root))}'")
    name = check_artifact_path(path.relative_to(root).as_posix())
    if kind == "directory" and path.is_symlink():
        raise Conflict(f"'{printable(str(path))}' is a link", "name the directory itself")
    there = kind == "directory" and path.is_dir()
    parent = name.rpartition("/")[0]
    base = name if there and not _can_stage_beside(path) else parent
    return Destination(root, name, path, base, kind == "directory" and not there, time.time_ns())


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Raises TransportError for an OSError at the destination."""
    try:
        yield
    except OSError as error:
        what = f"'{printable(str(path))}' cannot be written: {reason_of(error)}"
        raise TransportError(what, hint_of(error)) from error


def _existing_parent(path: Path) -> Path:
    parent = path.parent
    while not parent.is_dir():
        parent = parent.parent
    return parent


def _can_stage_beside(directory: Path) -> bool:
    """Whether files can be renamed from its parent into it: same filesystem, and a writable parent."""
    parent = directory.parent
    return parent.stat().st_dev == directory.stat().st_dev and os.access(parent, os.W_OK | os.X_OK)


def _refuse_git(root: Path, path: Path) -> None:
    if GIT_DIRECTORY in {part.lower() for part in (*root.resolve().parts, *path.parts)}:
        raise InvalidInput(f"'{printable(str(path))}' is inside '.git'", "choose another destination")
