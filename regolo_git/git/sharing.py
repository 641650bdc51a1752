"""Modes of files in a repository that several users share, as `core.sharedRepository` asks for them."""

import os
import stat
from pathlib import Path

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


def share_like_directory(path: Path) -> None:
    """Gives a file of this user the read and write bits of its directory, which decide who works there."""
    bits = path.parent.stat().st_mode & 0o666
    held = path.stat()
    mode = (held.st_mode & 0o7111) | bits
    if mode != stat.S_IMODE(held.st_mode) and held.st_uid == os.geteuid():
        path.chmod(mode)
