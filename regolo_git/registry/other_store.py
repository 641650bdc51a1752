"""The hint for a clone that lacks bytes: the command that names another store."""

from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.hints import Hint
from regolo_git.records.store_url import STORE_SETTING
from regolo_git.registry.handle import Handle


def other_store_hint(handle: Handle) -> Hint:
    """The command that sets another store: that of the clone's origin if it is on this machine."""
    store = _store_of_origin(handle)
    known = store is not None and store != handle.store_url
    return Hint("config", "--local", STORE_SETTING, store if store is not None and known else "DIRECTORY")


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
