"""What a forked child must not use together with its parent."""

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object that a forked child may use, once it has let go of what belongs to the parent."""

    def after_fork(self) -> None:
        """Runs in the child, before anything else."""


_objects: "WeakSet[Forked]" = WeakSet()


def tell_in_child(forked: Forked) -> None:
    """Has an object told in each forked child, for as long as it is used."""
    _objects.add(forked)


def _tell() -> None:
    for forked in list(_objects):
        forked.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_tell)
