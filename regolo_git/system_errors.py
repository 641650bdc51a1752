"""What the operating system refuses, in one wording for the store, a checkout, Git and the terminal."""

import errno

DISK_FULL = "the disk is full"
FREE_SPACE = "free some space and try again"
TOO_MANY_FILES = "too many open files"
MORE_FILES = "raise the limit with ulimit -n"
_PERMISSIONS = "check the permissions, or choose another place"
_KNOWN = {
    errno.ENOSPC: (DISK_FULL, FREE_SPACE),
    errno.EDQUOT: ("the disk quota is used up", FREE_SPACE),
    errno.EFBIG: ("the file is larger than the limit on file sizes", "raise the limit with ulimit -f"),
    errno.EMFILE: (TOO_MANY_FILES, MORE_FILES),
    errno.ENFILE: (TOO_MANY_FILES, "close other programs and try again"),
    errno.ENOMEM: ("there is not enough memory", "close other programs and try again"),
    errno.EROFS: ("the filesystem is read-only", "mount it for writing, or choose another place"),
    errno.EACCES: ("permission denied", _PERMISSIONS),
    errno.EPERM: ("operation not permitted", _PERMISSIONS),
}
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Not the fault of the file at hand: whatever it is, it could not be opened now.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def is_exhausted(error: OSError) -> bool:
    """Whether the system, not the file, is the reason."""
    return error.errno in _EXHAUSTED


def is_disk_full(error: OSError) -> bool:
    """Whether the disk, or the user's part of it, is full."""
    return error.errno in _FULL


def reason_of(error: OSError) -> str:
    """What went wrong, in our words or the system's."""
    if error.errno in _KNOWN:
        return _KNOWN[error.errno][0]
    reason = error.strerror or str(error)
    if not reason:
        return type(error).__name__
    return reason if reason[:2].isupper() else reason[:1].lower() + reason[1:]


def hint_of(error: OSError) -> str | None:
    """The way out, where there is one."""
    return _KNOWN[error.errno][1] if error.errno in _KNOWN else None
