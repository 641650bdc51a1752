"""Errors of ours that are also the errors of the system which the callers of a filesystem catch."""

import errno

from regolo_git.errors import InvalidInput, NotFound


class PathNotFound(NotFound, FileNotFoundError):
    """There is no such model, version or file."""


class PathIsDirectory(InvalidInput, IsADirectoryError):
    """A directory cannot be read like a file."""


class ReadOnly(InvalidInput, OSError):
    """Versions never change, so nothing can be written to a path of one."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.errno = errno.EROFS
