"""What a forked child must not use together with its parent."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object that a forked child may use, once it has let go of what belongs to the parent."""

    def after_fork(self) -> None:
        """Runs in the child, before anything else."""


# Open files whose lock belongs to the parent; a child would hold it for as long as it runs.
_locks: set[int] = set()
_opening = threading.Lock()  # no fork between opening such a file and knowing it
_objects: "WeakSet[Forked]" = WeakSet()
# Held around transactions of SQLite.  A child that was forked within one finds the file locked forever: the
# library has the lock of the parent's connection on record, and nobody there to release it.
_guards: "WeakSet[threading.RLock]" = WeakSet()
_held = threading.local()
GUARD_SECONDS = 5.0


def tell_in_child(forked: Forked) -> None:
    """Has an object told in each forked child, for as long as it is used."""
    _objects.add(forked)


def open_for_lock(open_it: Callable[[], int]) -> int:
    """Opens a descriptor that will hold a lock, which forked children close; `close_lock` closes it here."""
    with _opening:
        descriptor = open_it()
        _locks.add(descriptor)
        return descriptor


def fork_guard() -> "threading.RLock":
    """A new lock that a fork waits for, up to GUARD_SECONDS."""
    guard = threading.RLock()
    _guards.add(guard)
    return guard


@contextmanager
def no_fork() -> Iterator[None]:
    """Keeps other threads from forking: a child would keep the ends of pipes that are just being opened."""
    with _opening:
        yield


def close_lock(descriptor: int) -> None:
    """Closes a descriptor of `open_for_lock`, which releases its lock."""
    with _opening:
        # In a child it is closed already, and its number may be another file's.
        if descriptor in _locks:
            _locks.discard(descriptor)
            os.close(descriptor)


def _hold() -> None:
    """Waits for the guards before a fork, but not forever: another thread may hold one and want the next."""
    deadline = time.monotonic() + GUARD_SECONDS
    guards = list(_guards)
    _held.guards = [guard for guard in guards if guard.acquire(timeout=max(0.0, deadline - time.monotonic()))]
    _opening.acquire()


def _release() -> None:
    _opening.release()
    for guard in _held.guards:
        guard.release()
    _held.guards = []


def _tell() -> None:
    _release()
    for descriptor in _locks:
        os.close(descriptor)
    _locks.clear()
    for forked in list(_objects):
        forked.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_tell)
