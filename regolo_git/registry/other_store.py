"""Where a clone that lacks bytes can look for them: the setting to type, and whose store to name in it."""

import shlex
from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.registry.handle import STORE_SETTING, Handle

SETTING = f"git regolo config --local {STORE_SETTING}"


def other_store_hint(handle: Handle) -> str:
    """The command that names another store: that of the clone's origin, where it lies on this machine."""
    store = _store_of_origin(handle)
    if store is None or store == handle.store_url:
        return f"{SETTING} DIRECTORY, naming a store that has them"
    return f"{SETTING} {shlex.quote(store)}"


def _store_of_origin(handle: Handle) -> str | None:
    url = (handle.git.config_get("remote.origin.url") or "").removeprefix("file://")
    # A relative URL starts at the top, as git reads it; one of another machine names nothing here.
    place = handle.paths.top / url
    if not url or not place.is_dir():
        return None
    try:
        store = Handle.open(place, {}).store_url
    except RegoloError:
        return None
    return store if "://" not in store and (Path(store) / "format.toml").is_file() else None
