"""Checks that the store has an artifact: its recipe, its chunks, or every byte."""

from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.rebuild import rebuild
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store


@contextmanager
def bytes_of(version: str) -> Iterator[None]:
    """Adds the version to a NotFound error about its bytes."""
    try:
        yield
    except NotFound as error:
        raise NotFound(
            f"the bytes of '{version}' are not in this clone's store: {error.message}", error.hint
        ) from error


def read_checked_recipe(store: Store, artifact: Artifact) -> Recipe:
    """The artifact's recipe, checked against the artifact's digest.  Raises NotFound, IntegrityError."""
    recipe = store.read_recipe(artifact.recipe)
    claimed = recipe.artifact_digest
    if claimed != artifact.digest:
        raise IntegrityError(
            f"recipe '{artifact.recipe}' rebuilds '{claimed}', not '{artifact.digest}'", Hint("fsck")
        )
    return recipe


def require_artifact(store: Store, artifact: Artifact) -> Recipe:
    """The artifact's recipe, after checking that every chunk is in the store with its size.

    Raises NotFound if something is missing, IntegrityError if the recipe is of another artifact.
    """
    recipe = read_checked_recipe(store, artifact)
    missing = store.missing(recipe.chunks)
    if missing:
        raise NotFound(
            f"{len(missing)} of the {len(recipe.chunks)} chunks of '{artifact.digest}' are missing"
            f" from the store '{store.url}'",
            Hint("fsck"),
        )
    return recipe


def verify_artifact(
    store: Store,
    artifact: Artifact,
    *,
    cache: StatCache | None = None,
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Reads a whole artifact and verifies its digest, even if it was verified before.

    Raises NotFound if something is missing, IntegrityError if the digest differs.
    """
    verify_recipe(store, read_checked_recipe(store, artifact), on_progress=on_progress)
    if cache:
        cache.trust(artifact)


def verify_recipe(
    store: Store,
    recipe: Recipe,
    *,
    threads: int | None = None,
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Reads every chunk and compares the digest of every file.  Raises NotFound, IntegrityError.

    It uses so many threads (default: as many as the store can use).
    """
    with ThreadPool(threads or store.connections) as pool:
        everything = range(len(recipe.files))
        rebuild(store, recipe, everything, pool, write=None, check_digests=True, on_progress=on_progress)
