"""What a forked child must not use together with its parent."""

import os
import threading
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


def tell_in_child(forked: Forked) -> None:
    """Has an object told in each forked child, for as long as it is used."""
    _objects.add(forked)


def open_for_lock(open_it: Callable[[], int]) -> int:
    """Opens a descriptor that will hold a lock, which forked children close; `close_lock` closes it here."""
    with _opening:
        descriptor = open_it()
        _locks.add(descriptor)
        return descriptor


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


def _tell() -> None:
    _opening.release()
    for descriptor in _locks:
        os.close(descriptor)
    _locks.clear()
    for forked in list(_objects):
        forked.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_tell)
