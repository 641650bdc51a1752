"""A recipe for commands that can also show a version without it."""

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.store.store import find_recipe


def find_recipe_anywhere(handle: Handle, address: Digest) -> Recipe | None:
    """A recipe from any store; None if none has it, or, with a notice, if a shared one cannot be read.

    Raises StoreAbsent if the local store should be there and is not, IntegrityError.
    """
    try:
        return handle.stores.read_recipe(address)  # in one request, where the local store lacks it
    except NotFound:
        return None
    except IntegrityError:
        raise
    except RegoloError as error:
        found = find_recipe(handle.store, address)  # raises what is wrong with the local one
        handle.notice_once(words_of(error, handle.step))
        return found
