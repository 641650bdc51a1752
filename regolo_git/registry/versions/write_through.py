"""Sending the bytes of a new version to the shared store before the version gets its name.

That is what `store.write = "through"` asks for: everybody who sees the version, in this clone's refs or
after any kind of `git push`, finds its bytes in the shared store.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from regolo_git.artifacts.transfer.send import send
from regolo_git.errors import RegoloError, TransportError
from regolo_git.records.digests import Digest
from regolo_git.registry.handle import Handle
from regolo_git.registry.kept_recipes import needed_recipes
from regolo_git.store.new_content import NewContent
from regolo_git.store.records import Push
from regolo_git.store.shared import SharedStore
from regolo_git.store.store import Store


def store_to_write_through(handle: Handle) -> SharedStore | None:
    """The shared store that new versions are sent to at once; None if they wait for a push.

    Raises StoreUnconfirmed, InvalidInput for one that cannot be written to, TransportError.
    """
    address = handle.shared_stores.address()
    if address is None or handle.clone_store.is_at(address):
        return None  # the clone has no other store
    return handle.shared_stores.open_to_push(handle.may_use_store)


@contextmanager
def written_through(
    handle: Handle, shared: SharedStore, content: Store, recipe: Digest, parents: Iterable[Digest]
) -> Iterator[None]:
    """Sends an artifact to the shared store before the block, in which a version names it.

    Raises IntegrityError, TransportError; then nothing may name it.
    """
    vouching = [parent for parent in parents if parent != recipe and content.has_recipe(parent)]
    begun = handle.shared_stores.records(shared).begin([recipe], content.read_recipe, vouching=vouching)
    send(content, shared, [recipe], vouching=vouching, interrupted=begun.interrupted)
    yield
    _finish(handle, begun)


@contextmanager
def written_directly(handle: Handle, content: NewContent, recipe: Digest) -> Iterator[None]:
    """Records what a version in the block names, if other clones use this clone's own store, and clean it.

    The first record lists all that this clone needs, because it may have used the store alone before.  Raises
    TransportError if something was deleted while it was stored, and as `StoreRecords.begin` does.
    """
    begun = handle.shared_stores.records(content).begin([recipe], content.read_recipe)
    if not content.has_recipe(recipe) or content.missing(content.read_recipe(recipe).chunks):
        begun.give_up()
        raise TransportError(f"the store '{content.url}' was cleaned meanwhile", "run the command again")
    try:
        yield
    except RegoloError:
        if not content.is_kept:
            begun.give_up()
        raise
    _finish(handle, begun, list_all=True)


def _finish(handle: Handle, begun: Push, *, list_all: bool = False) -> None:
    # The version has its name now: what fails here is left to the next push, and keeps the bytes until then.
    try:
        begun.finish(lambda: needed_recipes(handle), list_all=list_all)
    except RegoloError as error:
        handle.notice(f"the store could not be told that this is done: {error.message}")
