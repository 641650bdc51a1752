"""The hint for a clone that lacks bytes: the command that names another store, or has it filled."""

from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.hints import Hint, NextStep
from regolo_git.records.store_url import STORE_SETTING, StoreAddress
from regolo_git.registry.handle import Handle

PUSH_IT = "run `git regolo push` in the clone that has the bytes"


def other_store_hint(handle: Handle) -> NextStep:
    """The command that adds a store that this clone has pushed to and no longer reads, where there is one.

    Else the one that sets the store of the clone's origin if it is on this machine.  Else, if the registry
    has a shared store, the one that sends the bytes there.
    """
    former = former_store_hint(handle)
    if former is not None:
        return former
    store = _store_of_origin(handle)
    if store is not None and store != handle.store_url:
        return Hint("config", "--local", STORE_SETTING, store)
    return PUSH_IT if _names_shared_store(handle) else Hint("config", "--local", STORE_SETTING, "DIRECTORY")


def add_former(store: StoreAddress) -> Hint:
    """The command that has a clone read a store again that the registry no longer names."""
    options = {"--endpoint": store.endpoint, "--region": store.region}
    given = [word for option, value in options.items() if value for word in (option, value)]
    return Hint("remote add", "former", store.url, *given)


def former_store_hint(handle: Handle) -> Hint | None:
    """The command that adds a store which may have what no other store has, where there is one."""
    try:
        left = handle.shared_stores.left_behind()
    except RegoloError:
        return None
    return add_former(left[0]) if left else None


def _names_shared_store(handle: Handle) -> bool:
    try:
        return handle.config().store_url is not None
    except RegoloError:
        return False


def _store_of_origin(handle: Handle) -> str | None:
    url = (handle.git.config_get("remote.origin.url") or "").removeprefix("file://")
    # Git resolves a relative URL from the top of the work tree.  A URL of another machine is not a directory.
    place = handle.paths.top / url
    if not url or not place.is_dir():
        return None
    try:
        store = Handle.open(place, {}).store_url
    except RegoloError:
        return None
    return store if "://" not in store and (Path(store) / "format.toml").is_file() else None
