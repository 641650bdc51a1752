"""What the filesystems below a store raise, as the errors of this program."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.errors import TransportError

HINTS = {
    errno.ENOSPC: "make room, then do it again; nothing was half-written",
    errno.EDQUOT: "the quota is used up; make room, then do it again",
    errno.EFBIG: "the limit on file sizes is reached: ulimit -f",
    errno.EROFS: "the filesystem is mounted read-only",
    errno.EACCES: "look at the permissions of the store",
    errno.EPERM: "look at the permissions of the store",
}


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raises TransportError for an OSError of the store at `url`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        hint = HINTS.get(error.errno) if error.errno else None
        raise TransportError(f"the store '{url}' failed: {reason}", hint) from error
