"""Checks that the store has an artifact: its recipe, its chunks, or every byte."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.rebuild import chunks_of, rebuild, slices
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store

RebuiltFile = tuple[str, Digest, bytes]


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
    _require_chunks(store, artifact, recipe.chunks)
    return recipe


def _require_chunks(store: Store, artifact: Artifact, chunks: Sequence[RecipeChunk]) -> None:
    missing = store.missing(chunks) if chunks else []
    if missing:
        raise NotFound(
            f"{len(missing)} of the {len(chunks)} chunks of '{artifact.digest}' are missing"
            f" from the store '{store.url}'",
            Hint("fsck"),
        )


def verify_artifact(
    store: Store,
    artifact: Artifact,
    *,
    cache: StatCache | None = None,
    verified: Iterable[Recipe] = (),
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Reads a whole artifact and verifies its digest, even if it was verified before.

    A file that one of the `verified` recipes rebuilds at the same path from the same bytes of the same chunks
    is not read: its chunks only have to be there.  Raises NotFound if something is missing, IntegrityError if
    the digest differs.
    """
    recipe = read_checked_recipe(store, artifact)
    known = {each for other in verified for each in _rebuilt_files(other)}
    unread = {n for n, file in enumerate(_rebuilt_files(recipe)) if file in known} if known else set()
    _require_chunks(store, artifact, chunks_of(recipe, unread))
    verify_recipe(store, recipe, unread=unread, on_progress=on_progress)
    if cache:
        cache.trust(artifact)


def _rebuilt_files(recipe: Recipe) -> list[RebuiltFile]:
    """What says all of each file of a recipe: its path, its digest, and a digest of how it is rebuilt."""
    hashers = [blake2b() for _ in recipe.files]
    for chunk, parts in slices(recipe, range(len(recipe.files))):
        for part in parts:
            hashers[part.file].update(f"{chunk.blake3} {part.chunk_offset} {part.size}\n".encode())
    return [
        (file.path, file.digest, hasher.digest()) for file, hasher in zip(recipe.files, hashers, strict=True)
    ]


def verify_recipe(
    store: Store,
    recipe: Recipe,
    *,
    threads: int | None = None,
    unread: Collection[int] = (),
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Reads every chunk and compares the digest of every file.  Raises NotFound, IntegrityError.

    It uses so many threads (default: as many as the store can use).  The files with the numbers `unread` are
    left out.
    """
    with ThreadPool(threads or store.connections) as pool:
        wanted = [number for number in range(len(recipe.files)) if number not in unread]
        rebuild(store, recipe, wanted, pool, write=None, check_digests=True, on_progress=on_progress)
