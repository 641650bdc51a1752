"""What a forked child must not use together with its parent."""

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar
from weakref import WeakSet, WeakValueDictionary


class Forked(Protocol):
    """An object that a forked child may use, once it has let go of what belongs to the parent."""

    def after_fork(self) -> None:
        """Runs in the child, before anything else."""


Thing = TypeVar("Thing")
# Open files whose lock belongs to the parent; a child would hold it for as long as it runs.
_locks: set[int] = set()
# No fork between opening such a file and knowing it.  A thread may come back to it: what its garbage
# collection ends may close such a file.
_opening = threading.RLock()
_objects: "WeakSet[Forked]" = WeakSet()
_things: "WeakValueDictionary[int, object]" = WeakValueDictionary()  # by `id`: equal ones are not the same
_knowing = threading.RLock()  # no fork, and nobody who looks at these sets, while they change
# Held around transactions of SQLite.  A child that was forked within one finds the file locked forever: the
# library has the lock of the parent's connection on record, and nobody there to release it.
_guards: "WeakSet[threading.RLock]" = WeakSet()
GUARD_SECONDS = 5.0
WAIT_SECONDS = 0.05  # for one of them, while others are held


class _Held(threading.local):
    """What the thread that forks holds until it is done."""

    def __init__(self) -> None:
        self.locks: list[threading.RLock] = []
        self.kept: list[object] = []


_held = _Held()


def tell_in_child(forked: Forked) -> None:
    """Has an object told in each forked child, for as long as it is used."""
    with _knowing:
        _objects.add(forked)


def keep_from_children(thing: Thing) -> Thing:
    """Has forked children leave a thing of this process alone, for as long as it is used here; returns it.

    To end its copy there may wait for a lock that one of the parent's threads held, or reach what both share,
    such as connections.
    """
    with _knowing:
        _things[id(thing)] = thing
    return thing


def leave_to_parent(thing: object) -> None:
    """Has this child never end a thing of its parent, not even when the child itself ends."""
    import ctypes  # noqa: PLC0415 - only children need it

    for reference in weakref.getweakrefs(thing):
        if isinstance(reference.__callback__, weakref.finalize):
            reference.__callback__.detach()
    # Variables of modules are cleared at the end.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def open_for_lock(open_it: Callable[[], int]) -> int:
    """Opens a descriptor that will hold a lock, which forked children close; `close_lock` closes it here."""
    with _opening:
        descriptor = open_it()
        _locks.add(descriptor)
        return descriptor


def fork_guard() -> "threading.RLock":
    """A new lock that a fork waits for, up to GUARD_SECONDS."""
    guard = threading.RLock()
    with _knowing:
        _guards.add(guard)
    return guard


@contextmanager
def no_fork() -> Iterator[None]:
    """Keeps other threads from forking: a child would keep the ends of pipes that are just being opened."""
    with _opening:
        yield


def close_lock(descriptor: int) -> None:
    """Closes a descriptor of `open_for_lock`, which releases its lock unless a program inherited it."""
    with _opening:
        # In a child it is closed already, and its number may be another file's.
        if descriptor in _locks:
            _locks.discard(descriptor)
            os.close(descriptor)


def unlock(descriptor: int) -> None:
    """Closes it, too, and releases its lock also for programs that inherited it."""
    with _opening:
        if descriptor in _locks:  # as above
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            close_lock(descriptor)


def _hold() -> None:
    """Waits for the guards before a fork, but not forever.

    An interrupt ends the waiting, and the fork goes on.
    """
    _take_guards(time.monotonic() + GUARD_SECONDS)
    _take(_opening)
    _take(_knowing)
    # A child ends what other threads had in their variables before anything runs there.
    _held.kept = [*_objects, *_things.values()]


def _take_guards(deadline: float) -> None:
    """Takes all of them, or after the deadline those that are free.

    Another thread may hold one and want the next, so the wait for one holds none of the others for long.
    """
    with _knowing:
        guards = list(_guards)
    while (busy := next((guard for guard in guards if not _take(guard, WAIT_SECONDS)), None)) is not None:
        if time.monotonic() > deadline:
            for guard in guards:
                _take(guard, 0)
            return
        _give_back()
        guards.sort(key=lambda guard: guard is not busy)  # it comes first


def _take(lock: "threading.RLock", seconds: float = -1) -> bool:
    taken = lock.acquire(timeout=seconds)
    if taken:
        _held.locks.append(lock)
    return taken


def _give_back() -> None:
    while _held.locks:
        _held.locks.pop().release()


def _release() -> None:
    _held.kept = []
    _give_back()


def _tell() -> None:
    global _opening, _knowing
    # Another thread of the parent may hold them, if an interrupt ended the waiting.
    _opening, _knowing = threading.RLock(), threading.RLock()
    for descriptor in _locks:
        os.close(descriptor)
    _locks.clear()
    for thing in list(_things.values()):
        leave_to_parent(thing)
    for forked in list(_objects):
        forked.after_fork()
    _release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_tell)
