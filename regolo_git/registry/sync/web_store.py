"""A shared store that is behind a web server: what is pushed has to be written to it in another way.

That is a further store of the clone (`SharedStores.address_to_push`), mostly the same bucket by another URL.
Whether it is the same, only the web server can tell.
"""

from collections.abc import Mapping

from regolo_git.errors import RegoloError
from regolo_git.records.digests import Digest
from regolo_git.records.store_url import StoreAddress
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.registry.shared_store import only_read
from regolo_git.text.numbers import few_of

SHOWN = 3


def lacking_in_web(handle: Handle, address: StoreAddress, named: Mapping[Digest, str]) -> set[Digest]:
    """Those of some recipes that the web server does not have.  Raises StoreUnconfirmed, TransportError."""
    handle.shared_stores.require(address, handle.may_use_store)
    return handle.shared_stores.opened(address).absent_recipes(list(named))


def refuse_unwritable(
    handle: Handle, address: StoreAddress, named: Mapping[Digest, str], pushed: set[Digest]
) -> set[Digest]:
    """The recipes that the web server lacks, and that nothing can send, which is a notice.

    `pushed` are those whose versions the remote is about to have.  Raises InvalidInput if it lacks one of
    these, and the errors of `lacking_in_web`.
    """
    lacking = lacking_in_web(handle, address, named)
    if refused := [named[recipe] for recipe in named if recipe in lacking & pushed]:
        raise only_read(address, f", and lacks the bytes of {_few(refused)}")
    if lacking:
        error = only_read(address, f", and lacks the bytes of {_few([named[each] for each in lacking])}")
        handle.notice_once(words_of(error, handle.step))
    return lacking


def look_through_web(
    handle: Handle, address: StoreAddress, target: str, named: Mapping[Digest, str]
) -> set[Digest]:
    """The recipes that the web server lacks although they were sent to `target`, which is a notice."""
    try:
        lacking = lacking_in_web(handle, address, named)
    except RegoloError as error:
        handle.notice_once(f"whether '{address.url}' has what was sent to '{target}' is not known: {error}")
        return set(named)
    if lacking:
        names = _few([named[recipe] for recipe in named if recipe in lacking])
        handle.notice_once(
            f"the bytes of {names} were sent to '{target}', and '{address.url}' does not have them:"
            " it may have an old answer in its cache, or be another store"
        )
    return lacking


def _few(references: list[str]) -> str:
    return few_of([f"'{each}'" for each in references[:SHOWN]], len(references))
