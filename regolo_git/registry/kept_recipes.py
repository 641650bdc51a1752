"""The recipes that a registry needs, for its records in a shared store."""

from regolo_git.records.digests import Digest
from regolo_git.registry.handle import Handle
from regolo_git.registry.reachable import Unreadable, all_needs


def needed_recipes(handle: Handle) -> list[Digest] | None:
    """The recipes, as far as this clone knows; None if it cannot read a record that may need one."""
    found = []
    for need in all_needs(handle):
        if isinstance(need, Unreadable):
            return None
        found.append(need.manifest.artifact.recipe)
    return found
