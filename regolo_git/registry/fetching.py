"""Fetches into the local store what is about to be read and only another store has.

The next reader finds it there.  A clone whose own store is remote, or may not be written to, reads from the
others directly.
"""

from collections.abc import Sequence

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.rebuild import Fetch
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.errors import NotFound
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.registry.handle import Handle
from regolo_git.registry.other_store import other_store_hint


def fetch_recipe(handle: Handle, manifest: Manifest) -> None:
    """Fetches the recipe of a version if the local store lacks it.

    Raises NotFound, naming another store, if no store has it, IntegrityError, TransportError.
    """
    address = manifest.artifact.recipe
    if handle.store.has_recipe(address):
        return
    try:
        handle.stores.read_recipe(address)  # which keeps it
    except NotFound as error:
        raise NotFound(
            f"the bytes of '{manifest.reference}' are not in this clone's store '{handle.store_url}'",
            other_store_hint(handle),
        ) from error


def fetching(handle: Handle, on_fetch: OnProgress = ignore_progress) -> Fetch:
    """A function that fetches the chunks of a recipe that the local store lacks, and notes their use.

    It raises NotFound if no store has one, IntegrityError, TransportError; what had arrived stays.
    """

    def fetch(recipe: Recipe, chunks: Sequence[RecipeChunk]) -> None:
        handle.cache.use(recipe.address)
        if not handle.clone_store.is_remote and handle.store.missing(chunks):
            handle.clone_store.write_if_possible(
                lambda local: receive(handle.stores, local, recipe, chunks, on_progress=on_fetch)
            )

    return fetch
