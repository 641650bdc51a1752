"""Whether an artifact is in the store, before somebody relies on it: looked at, not read."""

from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store

FSCK = "git regolo fsck"


@contextmanager
def bytes_of(version: str) -> Iterator[None]:
    """Says of a version that its bytes are gone where something is not found."""
    try:
        yield
    except NotFound as error:
        raise NotFound(f"the bytes of '{version}' are gone: {error.message}", error.hint) from error


def read_checked_recipe(store: Store, artifact: Artifact) -> Recipe:
    """The artifact's recipe, if the digests of its files make the artifact's.

    Raises NotFound, IntegrityError.
    """
    recipe = store.read_recipe(artifact.recipe)
    claimed = recipe.artifact_digest
    if claimed != artifact.digest:
        raise IntegrityError(
            f"recipe '{artifact.recipe}' is of '{claimed}', not of '{artifact.digest}'", FSCK
        )
    return recipe


def require_artifact(store: Store, artifact: Artifact) -> Recipe:
    """The recipe of an artifact of which every chunk is in the store with its size.

    Raises NotFound where something is missing, IntegrityError where the recipe is not the artifact's.
    """
    recipe = read_checked_recipe(store, artifact)
    missing = [chunk for chunk in recipe.chunks if not store.has_chunk(chunk.blake3, chunk.size)]
    if missing:
        raise NotFound(
            f"{len(missing)} of the {len(recipe.chunks)} chunks of '{artifact.digest}' are missing"
            f" from the store '{store.url}'",
            FSCK,
        )
    return recipe
