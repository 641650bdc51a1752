"""Atomic replacement of small files: a reader sees the old content or the new content."""

import json
import os
from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.shared_modes import make_like_parent, share_like_directory
from regolo_git.system_calls import random_name


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Writes a temporary file and renames it over `path`, keeping the mode.  Raises OSError.

    Without `durable` the file may be empty after a power cut, which is fine for caches and journals.
    """
    make_like_parent(path.parent)
    temporary = path.with_name(f".{path.name}.{random_name(8)}")
    # A new file gets its mode from the umask, as with any other program.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            else:
                share_like_directory(temporary)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def keep_json(file: Path, document: object) -> None:
    """Keeps what was read in a small file; where it cannot be written, it is read again each time."""
    try:
        replace_file(file, json.dumps(document).encode())
    except (OSError, RegoloError):
        return  # a read-only clone works without the cache
