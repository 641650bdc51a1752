"""The bytes that a version adds to the store: of the chunks that no other version has.

The index of recipes answers for what this clone has read.  Where it lacks recipes of other versions, as in a
fresh clone, the figure is only an upper bound.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from regolo_git.errors import TransportError
from regolo_git.records.recipe import Recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.needed_manifests import NeededManifests
from regolo_git.registry.recipe_index import OpenIndex
from regolo_git.registry.versions.free_bytes import AT_ONCE, complete_index

Key = tuple[str, str]  # a model, and the identity of a version


@dataclass(frozen=True, slots=True)
class NewBytes:
    """Chunks that no other version has, and their bytes; an upper bound if not `exact`."""

    chunks: int
    size: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A recipe whose new bytes are asked for, and recipes that are known to be in the store beside it."""

    recipe: Recipe
    beside: Sequence[Recipe] = ()


def new_bytes(handle: Handle, asked: Mapping[str, Asked], own: Collection[Key]) -> dict[str, NewBytes]:
    """The new bytes of each recipe; manifests of the versions `own` do not count as others."""
    if not asked:
        return {}
    tagged = {oid for model, identity, oid in handle.index.manifests() if (model, identity) not in own}

    def measured(index: OpenIndex) -> dict[str, NewBytes]:
        try:
            exact = complete_index(handle, index, NeededManifests(set(tagged)), AT_ONCE)
        except TransportError:
            exact = False  # the local store is missing; the recipes came from another one
        exact = exact and tagged.isdisjoint(index.without_recipe())
        return {name: _measured(index, each, own, exact=exact) for name, each in asked.items()}

    return handle.recipe_index.read(measured)


def _measured(index: OpenIndex, asked: Asked, own: Collection[Key], *, exact: bool) -> NewBytes:
    known = {chunk.blake3 for recipe in asked.beside for chunk in recipe.chunks}
    sizes = {chunk.blake3: chunk.size for chunk in asked.recipe.chunks if chunk.blake3 not in known}
    new = [
        size
        for chunk, size in sizes.items()
        if all((found.model, found.identity) in own for found in index.manifests_with(chunk))
    ]
    return NewBytes(len(new), sum(new), exact)
