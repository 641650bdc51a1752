"""Names that are one name on the filesystem of a destination, which ignores case or normalizes Unicode.

Only the filesystem knows: it differs between directories of one disk, and no table of folded characters is
right for all.  So where two paths look alike, a file is created by the one name in the staging directory, and
looked for by the other.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from regolo_git.artifacts.source.twins import alike_names, difference
from regolo_git.errors import Conflict
from regolo_git.hints import NextStep
from regolo_git.text.printable import printable

IsOneName = Callable[[int, str, str], bool]


def is_one_name(directory: int, first: str, second: str) -> bool:
    """Whether two names are one in a directory, which is open and has neither."""
    descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=directory)
    try:
        os.stat(second, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(first, dir_fd=directory)
    return True


def refuse_alike(
    paths: Iterable[str], directory: int, is_one: IsOneName = is_one_name, *, hint: NextStep | None = None
) -> None:
    """Raises Conflict, naming both, if two paths would be one file or directory on the filesystem.

    `directory` is an open, empty directory of that filesystem.
    """
    for first, second in alike_names(paths):
        parts = zip(first.split("/"), second.split("/"), strict=True)
        if all(one == other or is_one(directory, one, other) for one, other in parts):
            raise Conflict(
                f"'{printable(first)}' and '{printable(second)}' are one name on this filesystem:"
                f" they differ only in {difference(first, second)}",
                hint or "check it out on another filesystem, or one of them with --path",
            )
