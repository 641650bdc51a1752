"""The bytes that no other version needs, from an index of recipes.

The exact figure takes every other needed version's recipe.  The index has those that it has seen; what it has
not is read, and where that would take long the figure is only an upper bound.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.git.many_files import read_blobs
from regolo_git.git.prefetch import fetch_missing
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.needed_manifests import NeededManifests, needed_manifests
from regolo_git.registry.recipe_index import IndexedManifest, OpenIndex
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.store.store import find_recipe

AT_ONCE = 1000  # manifests or recipes that are read before the figure is shown; more take a second
READ_ALONE = 64  # manifests that are read without a git process
Item = TypeVar("Item")


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
    at_most = AT_ONCE if at_once else None
    needed = needed_manifests(handle)

    def measured(index: OpenIndex) -> FreeBytes:
        if not complete_index(handle, index, needed, at_most):
            return FreeBytes(sum(sizes.values()), exact=False)
        itself = version.model_id, Version.parse(version.version).identity
        in_store = cache(handle.store.has_recipe)  # a recipe that was lost keeps no chunk

        def is_needed(chunk: str) -> bool:
            return any(
                found.oid in needed.oids
                and (found.model, found.identity) != itself
                and in_store(Digest("blake3", found.recipe))
                for found in index.manifests_with(chunk)
            )

        return FreeBytes(sum(size for chunk, size in sizes.items() if not is_needed(chunk)), exact=True)

    return handle.recipe_index.read(measured)


def complete_index(handle: Handle, index: OpenIndex, needed: NeededManifests, at_most: int | None) -> bool:
    """Adds what the index lacks of the needed manifests; False if that is more than `at_most`."""
    manifests = needed.oids - index.manifests()
    if at_most is not None and len(manifests) > at_most:
        return False
    edited = ((oid, data) for oid, data in needed.edited.items() if oid in manifests)
    index.add_manifests(filter(None, (_indexed(oid, data) for oid, data in edited)))
    for page in _pages(_by_age(handle, manifests - needed.edited.keys())):
        index.add_manifests(_read_manifests(handle, page))
    recipes = index.unknown_recipes(handle.store)
    if at_most is not None and len(recipes) > at_most:
        return False
    for addresses in _pages(recipes):
        index.add_recipes(filter(None, (_recipe(handle, address) for address in addresses)))
    return True


def _pages(found: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (found[first : first + AT_ONCE] for first in range(0, len(found), AT_ONCE))


def _by_age(handle: Handle, manifests: set[str]) -> list[str]:
    """The manifests in an order in which many are read fast."""
    tagged = dict.fromkeys(handle.index.manifests_by_age()) if len(manifests) > READ_ALONE else {}
    return [*(oid for oid in tagged if oid in manifests), *sorted(manifests - tagged.keys())]


def _read_manifests(handle: Handle, oids: Sequence[str]) -> Iterator[IndexedManifest]:
    """The rows of manifests, without those that cannot be read, or not by this release."""
    fetch_missing(handle.git, oids)
    read = read_blobs(handle.git, oids) if len(oids) > READ_ALONE else [None] * len(oids)
    for oid, data in zip(oids, read, strict=True):
        with suppress(RegoloError):
            found = _indexed(oid, handle.git.read_blob(oid) if data is None else data)
            if found is not None:
                yield found


def _indexed(oid: str, data: bytes) -> IndexedManifest | None:
    try:
        return IndexedManifest.of(oid, Manifest.parse(data))
    except RegoloError:
        return None


def _recipe(handle: Handle, address: Digest) -> Recipe | None:
    """A recipe that has come into the store since; None for one that was removed meanwhile."""
    try:
        return handle.store.read_recipe(address)
    except NotFound:
        return None
