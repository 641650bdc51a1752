"""The lock files of git itself: of one that is running, or that was killed."""

import time
from collections.abc import Iterator
from pathlib import Path

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.journal import STALE_SECONDS
from regolo_git.git.lock import clone_lock, exchange_lock
from regolo_git.git.translate import git_errors


def git_locks(paths: RepositoryPaths) -> Iterator[Path]:
    """The lock files of a work tree and of its repository."""
    for place in dict.fromkeys((paths.git_dir, paths.common_dir)):
        yield from sorted(place.glob("*.lock"))
    yield from sorted((paths.common_dir / "refs").rglob("*.lock"))


def remove_git_locks(paths: RepositoryPaths) -> bool:
    """Removes those of a repository in which only this program works; returns whether there were any.

    Whatever git does there for this program, it does under the locks of the clone, which it holds after a
    kill of this process, too.  Only its cleaning in the background does not, and has a lock for a moment.
    """
    if not any(git_locks(paths)):
        return False
    with exchange_lock(paths), clone_lock(paths), git_errors("locks of git"):
        before = _states(paths)
        time.sleep(STALE_SECONDS)
        left = _states(paths).items() & before.items()
        for path, _ in left:
            path.unlink(missing_ok=True)
    return bool(left)


def _states(paths: RepositoryPaths) -> dict[Path, tuple[int, int, int]]:
    found = {}
    for path in git_locks(paths):
        status = path.lstat() if path.is_file() else None
        if status is not None:
            found[path] = status.st_ino, status.st_size, status.st_mtime_ns
    return found
