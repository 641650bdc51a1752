"""Modes of files in a repository that several users share, as `core.sharedRepository` asks for them."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from regolo_git.git.discover import RepositoryPaths

GROUP, EVERYBODY = 0o660, 0o664
NAMED = {
    "umask": 0, "group": GROUP, "all": EVERYBODY, "world": EVERYBODY, "everybody": EVERYBODY,
    "1": GROUP, "2": EVERYBODY, "true": GROUP, "yes": GROUP, "on": GROUP,
}  # fmt: skip


def shared_mode(value: str | None) -> int:
    """A value of `core.sharedRepository` in git's own form.

    0 leaves modes to the umask; a positive number has the bits to add, a negative one those to set exactly.
    """
    text = (value or "").lower()
    if text in NAMED:
        return NAMED[text]
    try:
        mode = int(text, 8)
    except ValueError:
        return 0
    return -(mode & 0o666) if mode & 0o600 == 0o600 else 0


def share(path: Path, shared: int) -> None:
    """Gives a file or directory of this user the mode that git would give it; leaves those of others."""
    if not shared:
        return
    held = path.stat()
    mode = _mode(stat.S_IMODE(held.st_mode), shared, is_directory=stat.S_ISDIR(held.st_mode))
    if mode != stat.S_IMODE(held.st_mode) and held.st_uid == os.geteuid():
        path.chmod(mode)


def _mode(mode: int, shared: int, *, is_directory: bool) -> int:
    bits = abs(shared)
    if not mode & stat.S_IWUSR:
        bits &= ~0o222
    if mode & stat.S_IXUSR:
        bits |= (bits & 0o444) >> 2
    mode = (mode & ~0o777) | bits if shared < 0 else mode | bits
    if is_directory:
        mode |= (mode & 0o444) >> 2
        if mode & 0o060:
            mode |= stat.S_ISGID
    return mode


def share_objects(paths: RepositoryPaths, shared: int, oids: Iterable[str]) -> None:
    """Gives loose objects and their directories the modes that git gives them."""
    for oid in oids if shared else ():
        loose = paths.common_dir / "objects" / oid[:2] / oid[2:]
        _share_existing(loose.parent, shared)
        _share_existing(loose, shared)


def share_ref(paths: RepositoryPaths, shared: int, ref: str) -> None:
    """Gives a ref, its reflog and their directories the modes that git gives them."""
    for top in (paths.common_dir, paths.common_dir / "logs") if shared else ():
        place = top / ref
        _share_existing(place, shared)
        for parent in place.parents:
            if parent == top:
                break
            _share_existing(parent, shared)


def share_local(paths: RepositoryPaths, shared: int) -> None:
    """Gives this program's directory in the repository, and the files in it, the modes that git gives.

    Directories in it have modes of their own: the store's follow the store's root.
    """
    if not shared:
        return
    directory = paths.common_dir / "regolo"
    directory.mkdir(parents=True, exist_ok=True)
    share(directory, shared)
    for entry in directory.iterdir():
        if not entry.is_dir():
            _share_existing(entry, shared)


def _share_existing(place: Path, shared: int) -> None:
    with suppress(FileNotFoundError):  # packed, or removed by another process
        share(place, shared)
