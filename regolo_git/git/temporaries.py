"""Keeps the temporary files of this program in a work tree out of Git, also those that a killed run left."""

from contextlib import suppress

from regolo_git.errors import RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.small_files import replace_file

EXCLUDED = (b".regolo-checkout-*/", b".*.regolo-writing")


def exclude_temporaries(paths: RepositoryPaths) -> None:
    """Adds the patterns of temporary files to `info/exclude` unless they are there.

    A clone that cannot be written to goes without them.
    """
    exclude = paths.common_dir / "info" / "exclude"
    with suppress(OSError, RegoloError):
        held = exclude.read_bytes() if exclude.exists() else b""
        missing = [pattern for pattern in EXCLUDED if pattern not in held.split(b"\n")]
        if missing:
            start = held if not held or held.endswith(b"\n") else held + b"\n"
            replace_file(exclude, start + b"".join(pattern + b"\n" for pattern in missing), durable=True)
