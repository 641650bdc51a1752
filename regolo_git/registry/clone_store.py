"""The store of a clone: where it is, and when it may be created.

A store may be on a disk that is not mounted.  An empty one in its place would take new versions, and hide
them once the disk is back.  So a store that was configured is created by `init` and `config` only, and one
that this clone has written to is never created again: its absence is an error.  The default store, inside the
Git directory, is created by the first version.

The clone keeps the settings of the stores that it has written to in its Git configuration, which outlives the
directory of its caches and moves with the repository.
"""

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from regolo_git.errors import InvalidInput, StoreAbsent, TransportError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.own_settings import add_own_value, own_values, remove_own_values
from regolo_git.hints import Hint
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_format import RECORDS
from regolo_git.records.store_url import (
    FORMER_STORE_SETTING,
    STORE_SETTING,
    StoreAddress,
    parse_store_address,
)
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.new_content import NewContent, new_content
from regolo_git.store.store import Store
from regolo_git.text.sizes import parse_size

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository

USED_SETTING = "regolo.usedStore"
CACHE_SETTING, CACHE_SIZE_SETTING = "regolo.cache", "regolo.cacheSize"
ENDPOINT_SETTING, REGION_SETTING = "regolo.storeEndpoint", "regolo.storeRegion"
DEFAULT_CACHE_SIZE = 10 * 10**9
SET_GROUP_ID = 0o2000
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
DEFAULT = "(default)"  # the default store in `regolo.usedStore`


class CloneStore:
    """The store of one clone, by its settings."""

    def __init__(self, paths: RepositoryPaths, git: "Callable[[], GitRepository]") -> None:
        self._paths = paths
        self._git = git

    @property
    def setting(self) -> str | None:
        """`regolo.store` in git's configuration, or `regolo.localStore`, its name in 0.1."""
        return self._git().config_get(STORE_SETTING) or self._git().config_get(FORMER_STORE_SETTING)

    @property
    def url(self) -> str:
        """Its path or URL.

        A relative path starts at the repository, not at the current directory; `~` is the home directory.
        """
        return self._url(self.setting)

    @property
    def address(self) -> StoreAddress:
        """Its address; a store on S3 has an endpoint and a region by the settings of this clone.

        Raises InvalidInput for settings that are not valid.
        """
        return self._address(self.setting)

    def is_at(self, address: StoreAddress) -> bool:
        """Whether the store at an address is this one."""
        if not same_place(place_of(self._paths, address.url), self.url):
            return False
        return not self.is_remote or address.endpoint == self.address.endpoint

    def open(self) -> LooseStore:
        """The store, for reading; a default store that was never written to is like an empty one.

        Raises StoreAbsent if it should be there, and the other errors of `LooseStore.open`.
        """
        return self._open(self.setting)

    @property
    def is_remote(self) -> bool:
        """Whether it is not in a directory, so that this clone has no copy of its own."""
        return parse_store_address(self.url).scheme != "file"

    def open_to_read(self) -> Store:
        """The store, only for reading; a remote one has a cache in front of it, and is not changed.

        Raises InvalidInput for settings of the cache that are not valid, and the errors of `open`.
        """
        setting = self.setting
        if setting is None or not self.is_remote:
            return self._open(setting)
        from regolo_git.store.cache import Cache, CachedStore  # noqa: PLC0415 - few clones have one
        from regolo_git.store.shared import SharedStore  # noqa: PLC0415 - few clones have one

        try:
            store = SharedStore.open(files_at(self.address))
        except StoreAbsent as error:
            raise self._explained(error, setting) from error
        return CachedStore(store, Cache(self._cache_directory, self._cache_size))

    @property
    def may_have_others(self) -> bool:
        """Whether other clones may use it: a setting names it, or one of them has left records there."""
        return self.setting is not None or (Path(self.url) / RECORDS).is_dir()

    @property
    def _cache_directory(self) -> Path:
        default = str(self._paths.common_dir / "regolo" / "cache")
        return Path(place_of(self._paths, self._git().config_get(CACHE_SETTING) or default))

    @property
    def _cache_size(self) -> int:
        text = self._git().config_get(CACHE_SIZE_SETTING)
        size = parse_size(text) if text is not None else DEFAULT_CACHE_SIZE
        if size is None:
            example = Hint("config", "--local", CACHE_SIZE_SETTING, "10GB")
            raise InvalidInput(f"'{CACHE_SIZE_SETTING}' is '{text}', which is not a size", example)
        return size

    def open_to_write(self) -> LooseStore:
        """The store, for a new version.  Raises the same errors as `open`."""
        setting = self.setting
        if setting is None and not self._is_used(None):
            LooseStore.open_or_create(self._url(None), self._rights(None))
        return self._open(setting)

    def write_if_possible(self, write: Callable[[LooseStore], object]) -> None:
        """Writes what another store has too; not to a store that is remote or that may only be read.

        Raises the other errors of `open_to_write` and of `write`.
        """
        if self.is_remote:
            return
        try:
            write(self.open_to_write())
        except TransportError as error:
            if not (isinstance(error.__cause__, OSError) and error.__cause__.errno in NOT_WRITABLE):
                raise

    def keep_recipe(self, recipe: Recipe) -> None:
        """Keeps a recipe that another store gave.  Raises the errors of `write_if_possible`."""
        self.write_if_possible(lambda local: local.put_recipe(recipe))

    def new_content(self, on_notice: Callable[[str], None]) -> AbstractContextManager[NewContent]:
        """The store, for the content of a new version.  Raises the same errors as `open`."""
        return new_content(self.open_to_write(), on_notice)

    def remember(self) -> None:
        """Remembers that this clone has bytes in the store; called before a version names them."""
        setting = self.setting
        if not self._is_used(setting):
            add_own_value(self._paths, USED_SETTING, setting or DEFAULT)

    def create(self, setting: str | None = None) -> bool:
        """Creates the store, or that of another setting; False if it was there.

        Raises StoreAbsent if this clone has written to it, and the other errors of `LooseStore.open`.
        """
        setting = setting or self.setting
        try:
            LooseStore.open(self._address(setting))
        except StoreAbsent as error:
            if self._is_used(setting):
                raise self._explained(error, setting) from error
            return LooseStore.create(self._address(setting), self._rights(setting))
        return False

    def forget(self) -> None:
        """Forgets which stores were written to, so that one that is lost can be re-created."""
        remove_own_values(self._paths, USED_SETTING)

    def _address(self, setting: str | None) -> StoreAddress:
        address = parse_store_address(self._url(setting))
        if address.scheme != "s3":
            return address
        endpoint, region = (self._git().config_get(key) for key in (ENDPOINT_SETTING, REGION_SETTING))
        return parse_store_address(address.url, endpoint, region)

    def _url(self, setting: str | None) -> str:
        return place_of(self._paths, setting or str(self._paths.common_dir / "regolo" / "store"))

    def _rights(self, setting: str | None) -> int:
        """The permissions of the default store that `core.sharedRepository` asks for, as git reads it."""
        bits = abs(self._git().shared) & 0o066 if setting is None else 0
        return SET_GROUP_ID | bits | (bits & 0o044) >> 2 if bits else 0  # who may read may enter

    def _open(self, setting: str | None) -> LooseStore:
        try:
            return LooseStore.open(
                self._address(setting), optional=setting is None and not self._is_used(setting)
            )
        except StoreAbsent as error:
            raise self._explained(error, setting) from error

    def _is_used(self, setting: str | None) -> bool:
        return (setting or DEFAULT) in own_values(self._paths, USED_SETTING)

    def _explained(self, error: StoreAbsent, setting: str | None) -> StoreAbsent:
        """With what helps: creating the store, or giving up one that is lost."""
        unset = Hint("config", "--local", "--unset", STORE_SETTING)
        other = f"give it up: {unset}" if self._is_used(setting) else f"create it: {Hint('init')}"
        return StoreAbsent(error.message, f"mount it, or {other}")


def place_of(paths: RepositoryPaths, place: str) -> str:
    """A store's URL, or its path: a relative one starts at the repository, and `~` is the home directory.

    A store at `file://` is one at a path.
    """
    place = place.removeprefix("file://") if place.startswith("file:///") else place
    if "://" in place:
        return place
    common = paths.common_dir
    return str((common.parent if common.name == ".git" else common) / Path(place).expanduser())


def same_place(one: str, other: str) -> bool:
    """Whether two stores are the same one, each as `place_of` names it."""
    if "://" in one or "://" in other:
        return one.rstrip("/") == other.rstrip("/")
    return one == other or os.path.realpath(one) == os.path.realpath(other)
