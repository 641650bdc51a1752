"""Small files that are replaced whole: a reader sees the old one or the new one."""

import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Writes a file beside its place and renames it there, keeping its mode.  Raises OSError.

    After a power cut what is not `durable` may be empty: for caches, and for what is only read after a kill.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # A new file has the mode that the umask leaves, as one that any program makes.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
