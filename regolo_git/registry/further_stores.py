"""The stores that a clone shares with others, by name: that of the registry and its own further ones."""

import re
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import Conflict, InvalidInput, NotFound, RegoloError
from regolo_git.hints import Hint
from regolo_git.records.store_url import parse_store_address
from regolo_git.registry.handle import Handle
from regolo_git.registry.shared_store import REMOTE_SECTION, FurtherStore

SHARED_NAME = "shared"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NamedStore(NamedTuple):
    """A store by its name; only that of the registry has to be confirmed."""

    name: str
    url: str
    endpoint: str | None = None
    region: str | None = None
    confirmed: bool = True


def named_stores(handle: Handle) -> list[NamedStore]:
    """The stores in the order in which they are read.  Raises NotFound if there is no registry."""
    further = [NamedStore(name, *store) for name, store in handle.shared_stores.further().items()]
    config = handle.config()
    if config.store_url is None:
        return further
    place = config.store_url, config.store_endpoint, config.store_region
    try:
        address = handle.shared_stores.address()
        confirmed = address is not None and handle.shared_stores.is_confirmed(address)
    except InvalidInput:  # what was committed by hand
        confirmed = False
    return [NamedStore(SHARED_NAME, *place, confirmed), *further]


def add_store(handle: Handle, name: str, store: FurtherStore) -> RegoloError | None:
    """Adds a further store; the problem if it cannot be opened now, which it may be later.

    A relative path starts at the working directory.  Raises InvalidInput for a name or settings that cannot
    be those of one, Conflict if the name is taken.
    """
    url = store.url
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"'{name}' is not the name of a store", "letters, digits, '.', '_' and '-'")
    parse_store_address(*store, for_others=Hint("remote add", name, url))
    if name == SHARED_NAME:
        text = f"'{name}' is the store that the registry names"
        raise Conflict(text, Hint("config", "store.url", url))
    known = handle.shared_stores.further()
    if name in known:
        raise Conflict(f"the store '{name}' is there: '{known[name].url}'", Hint("remote remove", name))
    store = store if "://" in url else store._replace(url=str(Path(url).expanduser().absolute()))
    for setting, value in reversed(store._asdict().items()):  # the URL last: it is what makes a store of it
        if value is not None:
            handle.git.config_set(_key(name, setting), value)
    try:
        handle.shared_stores.opened(store.address(name))
    except RegoloError as error:
        return error
    return None


def remove_store(handle: Handle, name: str) -> None:
    """Removes a further store from the settings of this clone.  Raises NotFound."""
    if name not in handle.shared_stores.further():
        raise NotFound(f"this clone has no store '{name}'", Hint("remote"))
    for setting in FurtherStore._fields:
        handle.git.config_set(_key(name, setting), None)
    if name in handle.shared_stores.further():
        text = f"the store '{name}' is set outside this repository's configuration"
        raise NotFound(text, f"git config --show-origin {_key(name)}")


def _key(name: str, setting: str = "url") -> str:
    return f"{REMOTE_SECTION}.{name}.{setting}"
