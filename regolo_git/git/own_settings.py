"""Values in a repository's own Git configuration, which is changed under git's lock of that file.

The library would leave the lock of a run that is killed, and nobody could tell it from that of a running git.
So the lock is one of ours (`ref_locks.py`), and the library changes a copy.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.ref_locks import RefLock, create_lock, release_lock
from regolo_git.git.translate import git_errors, lock_held
from regolo_git.shared_modes import keeping_mode, make_like_parent
from regolo_git.system_calls import make_durable, pause

WHAT, FILE = "git's configuration", "config"
PATIENCE_SECONDS = 2.0  # another program holds the lock of the file for some milliseconds
NO_VALUE, ANY_VALUE = "^$", ".*"  # patterns of the values to replace


def own_values(paths: RepositoryPaths, key: str) -> list[str]:
    """The values of a key in the repository's own configuration."""
    with git_errors(WHAT):
        config = pygit2.Config(str(paths.common_dir / FILE))
        return [value or "" for value in config.get_multivar(key)] if key in config else []


def set_own_value(paths: RepositoryPaths, key: str, value: str | None) -> None:
    """Sets the one value of a key in the repository's own configuration; None removes it."""
    with changed_configuration(paths) as config:
        if value is not None:
            config[key] = value
        elif key in config:
            del config[key]


def add_own_value(paths: RepositoryPaths, key: str, value: str) -> None:
    """Adds a value to the repository's own configuration."""
    with changed_configuration(paths) as config:
        config.set_multivar(key, NO_VALUE, value)


def remove_own_values(paths: RepositoryPaths, key: str) -> None:
    """Removes every value of a key from the repository's own configuration."""
    with changed_configuration(paths) as config:
        if key in config:
            config.delete_multivar(key, ANY_VALUE)


@contextmanager
def changed_configuration(paths: RepositoryPaths) -> Iterator[pygit2.Config]:
    """The repository's own configuration; what the block changes in it takes effect as the block ends.

    Waits while another program writes to it.  Raises LostRace if that takes long.
    """
    import tempfile  # noqa: PLC0415 - most commands change no setting

    file = paths.common_dir / FILE
    with git_errors(WHAT):
        if file.is_symlink():  # git's lock is where it leads
            with keeping_mode(file):
                yield pygit2.Config(str(file))
            return
        make_like_parent(paths.common_dir / "regolo")  # where locks have their second names
        lock = _locked(paths.common_dir)
        try:
            before = file.read_bytes()
            with tempfile.TemporaryDirectory(prefix="regolo-config-") as scratch:
                copy = Path(scratch, FILE)
                copy.write_bytes(before)
                yield pygit2.Config(str(copy))
                after = copy.read_bytes()
            if after != before:
                _replace(file, lock, after)
        finally:
            release_lock(lock)


def _locked(common_dir: Path) -> RefLock:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return create_lock(common_dir, FILE)
        except FileExistsError as error:
            if time.monotonic() > deadline:
                raise lock_held(WHAT) from error
            pause(0.001, 0.02)


def _replace(file: Path, lock: RefLock, content: bytes) -> None:
    mode = stat.S_IMODE(file.stat().st_mode)
    if stat.S_IMODE(os.fstat(lock.descriptor).st_mode) != mode:
        os.fchmod(lock.descriptor, mode)
    with os.fdopen(os.dup(lock.descriptor), "wb") as written:
        written.write(content)
    make_durable(lock.descriptor)  # or a power cut might leave an empty file, and with it no repository
    lock.file.rename(file)
