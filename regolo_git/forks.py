"""What a forked child must not use together with its parent."""

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object that a forked child may use, once it has let go of what belongs to the parent."""

    def after_fork(self) -> None:
        """Runs in the child, before anything else."""


# Open files whose lock belongs to the parent; a child would hold it for as long as it runs.
_locks: set[int] = set()
_objects: "WeakSet[Forked]" = WeakSet()


def tell_in_child(forked: Forked) -> None:
    """Has an object told in each forked child, for as long as it is used."""
    _objects.add(forked)


def keep_from_children(descriptor: int) -> int:
    """Has forked children close a descriptor that holds a lock; `close_lock` closes it here."""
    _locks.add(descriptor)
    return descriptor


def close_lock(descriptor: int) -> None:
    """Closes a descriptor of `keep_from_children`, which releases its lock."""
    # A child that was forked since has closed it already, and its number may be another file's.
    if descriptor in _locks:
        _locks.discard(descriptor)
        os.close(descriptor)


def _tell() -> None:
    for descriptor in _locks:
        os.close(descriptor)
    _locks.clear()
    for forked in list(_objects):
        forked.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_tell)
