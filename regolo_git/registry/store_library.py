"""Whether this machine lacks the library of a store, which others of the team may have."""

from regolo_git.errors import MissingDependency
from regolo_git.records.store_url import StoreAddress
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.store.locate import require_library


def note_missing_library(handle: Handle, address: StoreAddress) -> None:
    """A notice, once, if the library of a store's scheme is not installed, with the extra that brings it."""
    try:
        require_library(address)
    except MissingDependency as error:
        handle.notice_once(f"this machine cannot open '{address.url}': {words_of(error, handle.step)}")
