"""The handles of values that were pickled: another process opens their registry at the same path."""

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from regolo_git.git.discover import RepositoryPaths
    from regolo_git.registry.handle import Handle
    from regolo_git.registry.versions.version_actions import Verbs

_known: "WeakValueDictionary[RepositoryPaths, Handle]" = WeakValueDictionary()


def handle_at(
    kind: "type[Handle]", paths: "RepositoryPaths", face: "Callable[[Handle], Verbs] | None"
) -> "Handle":
    """A handle on the repository, one for all values of it; nothing is opened yet."""
    handle = _known.get(paths)
    if handle is None:
        handle = _known[paths] = kind(paths)
    handle.face = handle.face or face
    return handle
