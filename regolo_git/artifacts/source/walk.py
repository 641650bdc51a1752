"""Snapshots of files and directories on disk; anything that cannot be stored faithfully is refused.

Files that are not part of the artifact (`exclusion.py`) are skipped.  Links to files are followed, because
the caches of model hubs consist of them; links to directories are not, because they can lead anywhere.
"""

import os
import shlex
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from regolo_git.artifacts.source.exclusion import Exclusion
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.source.snapshot import (
    DiskFile,
    Snapshot,
    SourceFile,
    changed_while_read,
    unreadable,
)
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.names import check_artifact_path, checked_path
from regolo_git.text.printable import printable

# The leftovers of a killed checkout in a directory are not part of the artifact.
STAGING_PREFIX = ".regolo-checkout-"
# Recursive programs fail on deeper trees, long before a path is too long for the system.
DEPTH_LIMIT = 255
ANNEX = b".git/annex/objects/"


def look(path: Path, exclude: Sequence[str] = (), kept: Collection[str] = ()) -> Snapshot:
    """A snapshot of a path without the files that patterns leave out, unless they are `kept`.

    Raises NotFound, InvalidInput naming a file that cannot be stored, or for patterns on a single file.
    """
    now = time.time_ns()
    status = status_of(path)
    if not stat.S_ISDIR(status.st_mode):
        refuse_patterns(exclude)
        return Snapshot("file", (_file(_Found("", str(path), status)),), path, now)
    exclusion = Exclusion(path, exclude, kept)
    found = sorted(map(_file, _walk(path, "", exclusion)), key=lambda file: file.path.encode())
    if not found:
        what = "no files but those left out" if exclusion.left_out else "no files"
        raise InvalidInput(f"directory '{printable(str(path))}' contains {what}")
    left_out = tuple(sorted(exclusion.left_out))
    return Snapshot("directory", tuple(found), path, now, tuple(exclude), left_out)


def refuse_patterns(exclude: Sequence[str]) -> None:
    """Raises InvalidInput if there are patterns, for an artifact that is not a directory."""
    if exclude:
        raise InvalidInput("only a directory has files to exclude")


def status_of(path: Path) -> os.stat_result:
    """The status of a path, following links.  Raises NotFound, InvalidInput."""
    try:
        return checked_path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        raise unreadable(printable(str(path)), error) from error


def check_unchanged(before: Snapshot) -> None:
    """Raises Conflict if a file was added, removed, replaced or written to since the snapshot."""
    if before.location is None:
        return
    seen = {file.path: (file.stamp, file.mode) for file in before.files}
    try:
        there = {
            path: (FileStamp.of(now), _permissions(now))
            for path, _, now in _walk_again(before.location, before.exclude)
        }
    except (NotFound, InvalidInput) as error:
        raise changed_while_read(printable(str(before.location))) from error
    changed = {path for path in seen.keys() | there.keys() if seen.get(path) != there.get(path)}
    if changed:
        raise changed_while_read(printable(str(before.location / min(changed))))


class _Found(NamedTuple):
    """A path in an artifact, where that is on disk, and its status."""

    path: str
    location: str
    status: os.stat_result


def _walk_again(path: Path, exclude: Sequence[str]) -> Iterator[_Found]:
    """What is at the path of a snapshot now, of whatever kind."""
    status = status_of(path)
    if stat.S_ISDIR(status.st_mode):
        return _walk(path, "", Exclusion(path, exclude))
    return iter([_Found("", str(path), status)])


def _missing(path: Path) -> NotFound | InvalidInput:
    shown = printable(str(path))
    if path.is_symlink():
        annexed = ANNEX in os.fsencode(path.readlink())
        return InvalidInput(f"'{shown}' is a broken symbolic link", "git annex get" if annexed else None)
    from regolo_git.artifacts.source.urls import url_instead  # noqa: PLC0415 - only after a mistake

    return url_instead(path) or NotFound(f"no such file or directory: '{shown}'")


def _walk(top: Path, prefix: str, exclusion: Exclusion) -> Iterator[_Found]:
    directory = top / prefix
    if prefix.count("/") >= DEPTH_LIMIT:
        raise InvalidInput(f"'{printable(str(directory))[:80]}…' is more than {DEPTH_LIMIT} directories deep")
    for entry in _entries(directory):
        if entry.name.startswith(STAGING_PREFIX):
            continue
        path = f"{prefix}/{entry.name}" if prefix else entry.name
        is_directory = entry.is_dir(follow_symlinks=False)
        if exclusion.leaves_out(path, is_directory=is_directory):
            continue
        _check_path(path)
        if is_directory:
            yield from _walk(top, path, exclusion)
            continue
        try:
            status = entry.stat()
        except OSError:
            raise _missing(Path(entry.path)) from None
        yield _Found(path, entry.path, status)


def _check_path(path: str) -> None:
    try:
        check_artifact_path(path)
    except InvalidInput as error:
        raise InvalidInput(error.message, _how_to_leave_out(path)) from error


def _how_to_leave_out(path: str) -> str:
    """The pattern that leaves out a path, for a shell; a wildcard stands for what cannot be typed."""
    pattern = "".join(c if c.isprintable() and c not in "*?[]\\" else "?" for c in path)
    return f"leave it out with the pattern {shlex.quote(f'/{pattern}')} (--exclude, or exclude= in Python)"


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(directory))
    except OSError as error:
        shown = printable(str(directory))
        raise unreadable(shown, error, f"chmod u+rx {shlex.quote(shown)}") from error


def _file(found: _Found) -> SourceFile:
    path, location, status = found
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput(
            f"'{printable(location)}' is {kind_name(status.st_mode)}, which cannot be stored",
            _how_to_leave_out(path) if path else None,
        )
    if not os.access(location, os.R_OK):
        shown = printable(location)
        raise InvalidInput(f"'{shown}' cannot be read", f"chmod u+r {shlex.quote(shown)}")
    stamp, opener = FileStamp.of(status), partial(DiskFile, location)
    return SourceFile(path, _permissions(status), status.st_size, location, stamp, opener)


def _permissions(status: os.stat_result) -> int:
    return status.st_mode & 0o777


def is_special(mode: int) -> bool:
    """Whether a mode is that of a device, a pipe or a socket."""
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def kind_name(mode: int) -> str:
    """What is at a path that cannot be stored, in words."""
    kinds = {
        stat.S_IFDIR: "a link to a directory",
        stat.S_IFSOCK: "a socket",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "not an ordinary file")
