"""The stored artifact of a reviewed version: its recipe, and whether its bytes are in a store.

A recipe in a shared store vouches for its chunks: whoever pushed them wrote the recipe last.
"""

from dataclasses import dataclass

from regolo_git.errors import NotFound, RegoloError
from regolo_git.hints import Either, Hint
from regolo_git.records.contradiction import contradiction
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.registry.handle import Handle
from regolo_git.reviews.findings import NOT_JUDGED, WRONG, Finding
from regolo_git.text.numbers import counted

# Of a stranger's proposal a maintainer reads the bytes from the stranger's store.
BRING_THEM = Either(
    Hint("push"),
    "in the clone that has the bytes; for a maintainer of somebody else's proposal",
    Hint("remote add", "NAME", "URL"),
)


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A recipe, None if no store gave it, and what is wrong with it or its bytes."""

    recipe: Recipe | None
    finding: Finding | None = None


def stored_artifact(handle: Handle, manifest: Manifest) -> StoredArtifact:
    """The artifact of a manifest, as far as the stores that this clone may read have it."""
    artifact = manifest.artifact
    try:
        recipe = handle.stores.read_recipe(artifact.recipe)
    except NotFound:
        what = f"the bytes of {manifest.reference} are not in the store"
        return StoredArtifact(None, Finding(what, NOT_JUDGED, BRING_THEM))
    except RegoloError as error:
        return StoredArtifact(None, Finding.of(error))
    wrong = contradiction(artifact, recipe)
    if wrong is not None:
        return StoredArtifact(None, Finding(f"{manifest.reference}: {wrong}", WRONG))
    try:
        return StoredArtifact(recipe, _missing_chunks(handle, manifest, recipe))
    except RegoloError as error:
        return StoredArtifact(recipe, Finding.of(error))


def known_recipe(handle: Handle, manifest: Manifest | None) -> Recipe | None:
    """The recipe of a version to compare with; None if it cannot be had."""
    if manifest is None:
        return None
    try:
        return handle.stores.read_recipe(manifest.artifact.recipe)
    except RegoloError:
        return None


def _missing_chunks(handle: Handle, manifest: Manifest, recipe: Recipe) -> Finding | None:
    lacking = _lacking_here(handle, recipe)
    if not lacking or _is_vouched_for(handle, recipe):
        return None
    missing = handle.stores.missing(recipe.chunks)
    if not missing:
        return None
    what = f"{counted(len(missing), 'chunk')} of {manifest.reference} are in no store"
    return Finding(what, NOT_JUDGED, BRING_THEM)


def _lacking_here(handle: Handle, recipe: Recipe) -> bool:
    try:
        return bool(handle.store.missing(recipe.chunks))
    except RegoloError:
        return True  # this clone has no store of its own, or its disk is away


def _is_vouched_for(handle: Handle, recipe: Recipe) -> bool:
    try:
        shared = handle.shared
        return shared is not None and shared.has_recipe(recipe.address)
    except RegoloError:
        return False  # the chain of stores, which is asked next, says what is wrong
