"""Which chunks of a recipe go into which pack.

The plan depends only on the recipe and on the chunks that need not be sent.  So an interrupted push that
starts again forms the same packs, which have the same names, and can ask for them by name.
"""

from collections.abc import Container
from typing import NamedTuple

from regolo_git.records.recipe import Recipe, RecipeChunk

PACKED_BELOW = 1 << 20
PACK_BYTES = 16 << 20
PACK_CHUNKS = 4096  # so that the index of a pack of tiny chunks stays small


class Plan(NamedTuple):
    """The chunks of each pack, and those that are stored on their own, in the order of the recipe."""

    packs: tuple[tuple[RecipeChunk, ...], ...]
    loose: tuple[RecipeChunk, ...]


def plan_packs(recipe: Recipe, present: Container[str] = frozenset()) -> Plan:
    """The plan for the chunks of a recipe but those `present`, which are addresses."""
    wanted = [chunk for chunk in dict.fromkeys(recipe.chunks) if chunk.blake3 not in present]
    groups = _groups([chunk for chunk in wanted if chunk.size < PACKED_BELOW])
    # A pack of one chunk would take as many requests as the chunk, and hints besides.
    packs = tuple(tuple(group) for group in groups if len(group) > 1)
    packed = {chunk for pack in packs for chunk in pack}
    return Plan(packs, tuple(chunk for chunk in wanted if chunk not in packed))


def _groups(chunks: list[RecipeChunk]) -> list[list[RecipeChunk]]:
    groups: list[list[RecipeChunk]] = []
    size = PACK_BYTES
    for chunk in chunks:
        if size + chunk.size > PACK_BYTES or len(groups[-1]) == PACK_CHUNKS:
            groups.append([])
            size = 0
        groups[-1].append(chunk)
        size += chunk.size
    return groups
