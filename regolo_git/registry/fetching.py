"""Fetching what is about to be read into the local store, where only another store has it.

The next reader finds it there.  A clone whose own store is remote, or may not be written to, reads from the
others directly.
"""

import errno
from collections.abc import Callable, Sequence

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.rebuild import Fetch
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.errors import NotFound, TransportError
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.registry.handle import Handle
from regolo_git.registry.other_store import other_store_hint
from regolo_git.store.loose import LooseStore

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def fetch_recipe(handle: Handle, manifest: Manifest) -> None:
    """Fetches the recipe of a version if the local store lacks it.

    Raises NotFound, naming another store, if no store has it, IntegrityError, TransportError.
    """
    address = manifest.artifact.recipe
    if handle.store.has_recipe(address):
        return
    try:
        recipe = handle.stores.read_recipe(address)
    except NotFound as error:
        raise NotFound(
            f"the bytes of '{manifest.reference}' are not in this clone's store '{handle.store_url}'",
            other_store_hint(handle),
        ) from error
    _if_writable(handle, lambda local: local.put_recipe(recipe))


def fetching(handle: Handle, on_fetch: OnProgress = ignore_progress) -> Fetch:
    """A function that fetches the chunks of a recipe that the local store lacks, and notes their use.

    It raises NotFound if no store has one, IntegrityError, TransportError; what had arrived stays.
    """

    def fetch(recipe: Recipe, chunks: Sequence[RecipeChunk]) -> None:
        handle.cache.use(recipe.address)
        if not handle.clone_store.is_remote and handle.store.missing(chunks):
            _if_writable(
                handle, lambda local: receive(handle.stores, local, recipe, chunks, on_progress=on_fetch)
            )

    return fetch


def _if_writable(handle: Handle, write: Callable[[LooseStore], object]) -> None:
    if handle.clone_store.is_remote:
        return
    try:
        write(handle.clone_store.open_to_write())
    except TransportError as error:
        if not (isinstance(error.__cause__, OSError) and error.__cause__.errno in NOT_WRITABLE):
            raise
