"""The lock of the clone: one writer of this program at a time.

It gives fairness, and it distinguishes the journal of a dead writer from that of a running one.  Git's own
locks, which every other program takes too, keep the refs consistent.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.forks import close_lock, open_for_lock, unlock
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.translate import git_errors
from regolo_git.shared_modes import make_like_parent, share_like_directory
from regolo_git.system_calls import pause

PATIENCE_SECONDS = 60.0
BRIEF_SECONDS = 1.0  # longer than most exchanges of refs take
EXCHANGE = "exchange.lock"
_held: ContextVar[int | None] = ContextVar("_held", default=None)


@contextmanager
def clone_lock(paths: RepositoryPaths) -> Iterator[None]:
    """Holds the lock; the system releases it when the process ends for any reason.

    Raises Conflict, naming the holder, after waiting for a minute.
    """
    with _lock(paths, "lock"):
        yield


@contextmanager
def exchange_lock(paths: RepositoryPaths) -> Iterator[None]:
    """Like `clone_lock`: one exchange with a remote at a time, which may take long, beside other writers."""
    with _lock(paths, EXCHANGE):
        yield


@contextmanager
def brief_exchange_lock(paths: RepositoryPaths) -> Iterator[None]:
    """For an exchange of refs alone: one at a time, which does not wait for another one to move bytes.

    A rollback must not wait until ten gigabytes are pushed.
    """
    with _lock(paths, "brief-exchange.lock"), ExitStack() as held:
        with suppress(Conflict):
            held.enter_context(_lock(paths, EXCHANGE, BRIEF_SECONDS))
        yield


@contextmanager
def _lock(paths: RepositoryPaths, name: str, patience: float | None = None) -> Iterator[None]:
    path = paths.common_dir / "regolo" / name
    with git_errors(f"lock '{path}'"):
        make_like_parent(path.parent)
        handle = open_for_lock(lambda: _opened(path))
    with taken_lock(handle):
        _wait(handle, patience)
        with git_errors(f"lock '{path}'"):
            _write_holder(handle)
        yield


@contextmanager
def taken_lock(descriptor: int) -> Iterator[None]:
    """Has children inherit the lock that the block takes by a descriptor of `open_for_lock`; ends it."""
    token = _held.set(descriptor)
    try:
        yield
    except Exception:
        unlock(descriptor)
        raise
    except BaseException:
        # An interrupt ends git, but not at once what git has started: that holds the lock until it ends.
        close_lock(descriptor)
        raise
    else:
        unlock(descriptor)
    finally:
        _held.reset(token)


def _opened(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError:
        # Another user's, from a release that did not share it; a lock needs no right to write.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    share_like_directory(path)
    return handle


def _write_holder(handle: int) -> None:
    if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_RDWR:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def held_lock() -> tuple[int, ...]:
    """The descriptor of the lock held by this thread, for a child process that writes on its behalf.

    The child inherits the lock, so that after a kill of this process no other run recovers while it writes.
    What it leaves in the background, such as `git gc` or the daemon of a credential cache, inherits it too,
    and loses it when this process releases it.
    """
    handle = _held.get()
    return () if handle is None else (handle,)


def _wait(handle: int, patience: float | None) -> None:
    deadline = time.monotonic() + (PATIENCE_SECONDS if patience is None else patience)
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
                raise Conflict(
                    f"process {holder or 'unknown'} is writing to this registry", "try again"
                ) from None
            pause(0.001, 0.01)
        else:
            return
