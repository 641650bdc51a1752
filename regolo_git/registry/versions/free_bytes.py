"""The bytes that no other version needs, from an index of recipes.

The exact figure takes every other needed version's recipe.  The index has those that it has seen; what it has
not is read, and where that would take long the figure is only an upper bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.needed_manifests import needed_manifests
from regolo_git.registry.recipe_index import IndexedManifest, OpenIndex
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.store.store import find_recipe

AT_ONCE = 1000  # manifests or recipes that are read before the figure is shown; more take a second


@dataclass(frozen=True, slots=True)
class FreeBytes:
    """Bytes of a version that no other version needs; an upper bound if not `exact`."""

    size: int
    exact: bool


def free_bytes(handle: Handle, version: ModelVersion, *, at_once: bool = False) -> FreeBytes:
    """Bytes of the version's chunks that are in no recipe of another needed version.

    With `at_once`, an upper bound if the index lacks more than AT_ONCE versions.
    """
    try:
        own = find_recipe(handle.store, version.manifest.artifact.recipe)
    except IntegrityError:
        own = None  # an unreadable manifest names no recipe; the version can be retired all the same
    if own is None:
        return FreeBytes(0, exact=True)
    sizes = {chunk.blake3: chunk.size for chunk in own.chunks}
    needed = dict(needed_manifests(handle))

    def measured(index: OpenIndex) -> FreeBytes:
        index.need(needed)
        unknown = index.unknown_manifests()
        if at_once and len(unknown) > AT_ONCE:
            return FreeBytes(sum(sizes.values()), exact=False)
        _add_manifests(handle, index, unknown, needed)
        index.leave(version.model_id, Version.parse(version.version).identity)
        new = handle.store.recipes_among(index.unknown_recipes())
        if at_once and len(new) > AT_ONCE:
            return FreeBytes(sum(sizes.values()), exact=False)
        _add_recipes(handle, index, new)
        in_store = cache(handle.store.has_recipe)  # a recipe that was lost keeps no chunk

        def is_needed(chunk: str) -> bool:
            return any(in_store(address) for address in index.recipes_with(chunk))

        return FreeBytes(sum(size for chunk, size in sizes.items() if not is_needed(chunk)), exact=True)

    return handle.recipe_index.read(measured)


def _add_manifests(
    handle: Handle, index: OpenIndex, unknown: list[str], data: dict[str, bytes | None]
) -> None:
    for first in range(0, len(unknown), AT_ONCE):
        page = unknown[first : first + AT_ONCE]
        index.add_manifests(filter(None, (_indexed(handle, oid, data[oid]) for oid in page)))


def _indexed(handle: Handle, oid: str, data: bytes | None) -> IndexedManifest | None:
    """The row of a manifest; None for one that cannot be read, or not by this release."""
    try:
        return IndexedManifest.of(oid, Manifest.parse(handle.git.read_blob(oid) if data is None else data))
    except RegoloError:
        return None


def _add_recipes(handle: Handle, index: OpenIndex, new: Sequence[Digest]) -> None:
    """Adds recipes that have come into the store since; those that it lacks need no chunks of it."""
    for first in range(0, len(new), AT_ONCE):
        found = []
        for address in new[first : first + AT_ONCE]:
            try:
                found.append(handle.store.read_recipe(address))
            except NotFound:
                continue  # removed meanwhile
        index.add_recipes(found)
