"""The stores that a clone shares with others: that of the registry, and further ones that only it knows.

The URL of the registry's store is in the repository, which somebody else may have written: it is only a
proposal.  The first use of a URL, with its endpoint and region, is confirmed once in each clone, and so is
each change.  The confirmation is in git's configuration, which nobody else can commit.  Until then nothing
is asked of the store, not even whether it is there.  Further stores are named in git's configuration only.

A store in a directory may be on a disk that is not mounted, so `init` and `config` create it, and no push
does.  One elsewhere is created by the first push, but not again by a clone that has pushed to it before.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from platform import node
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import InvalidInput, NotFound, StoreAbsent, StoreUnconfirmed
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.history import UNSHALLOW, first_parents, shallow_boundary
from regolo_git.git.own_settings import add_own_value, own_values
from regolo_git.hints import Hint, NextStep
from regolo_git.records.config import RegistryConfig
from regolo_git.records.store_record import HOST_LENGTH
from regolo_git.records.store_url import StoreAddress, parse_store_address
from regolo_git.registry.clone_identity import clone_id
from regolo_git.registry.clone_store import place_of, same_place
from regolo_git.store.chain import Link
from regolo_git.store.feature import Confirm, decline
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.records import Owner, StoreRecords
from regolo_git.store.shared import SharedStore

if TYPE_CHECKING:
    from regolo_git.git.repository import GitRepository

CONFIRMED_SETTING = "regolo.confirmed"
USED_SETTING = "regolo.usedSharedStore"
REGISTRY_ID_SETTING = "regolo.registryId"  # of a registry whose configuration has none
REMOTE_SECTION = "regolo.remote"
_REMOTE = re.compile(rf"{re.escape(REMOTE_SECTION)}\.(.+)\.(url|endpoint|region)")
MayUse = Callable[[StoreAddress], bool]


class FurtherStore(NamedTuple):
    """The settings of a further store; none of them is checked."""

    url: str
    endpoint: str | None = None
    region: str | None = None

    def address(self, name: str) -> StoreAddress:
        """Its address.  Raises InvalidInput."""
        key = "region" if self.endpoint is None else "endpoint"
        wrong = f"git config --unset {REMOTE_SECTION}.{name}.{key}"
        return parse_store_address(*self, for_others=wrong)


class SharedStores:
    """The shared stores of one clone, by its registry's configuration and git's."""

    def __init__(
        self,
        paths: RepositoryPaths,
        git: "Callable[[], GitRepository]",
        config: Callable[[], RegistryConfig],
        tip: Callable[[], str],
    ) -> None:
        """`tip` is the commit of the registry branch."""
        self._paths, self._git = paths, git
        self._config, self._tip = config, tip

    def address(self) -> StoreAddress | None:
        """The store of the registry; None if it names none.

        Raises InvalidInput for a URL that cannot be a store, NotFound if there is no registry.
        """
        return address_in(self._config())

    # -- the confirmation ---------------------------------------------------------------------------------

    def is_confirmed(self, address: StoreAddress) -> bool:
        """Whether this clone may use the registry's store."""
        return self._git().config_get(CONFIRMED_SETTING) == _identity(address)

    def confirm(self, address: StoreAddress) -> None:
        """Notes that this clone may use the registry's store, as long as nothing of its address changes."""
        self._git().config_set(CONFIRMED_SETTING, _identity(address))

    def confirm_url(self, url: str) -> bool:
        """Confirms the registry's store by its URL; False if it was confirmed.

        Raises InvalidInput if the registry names another store, or none.
        """
        address = self.address()
        if address is None or address.url != url:
            named = "names no shared store" if address is None else f"names the store '{address.url}'"
            raise InvalidInput(f"the registry {named}", Hint("config", "store.url", url))
        if self.is_confirmed(address):
            return False
        self.confirm(address)
        return True

    def require(self, address: StoreAddress, may_use: MayUse) -> None:
        """Returns if the store may be used; else asks `may_use`.  Raises StoreUnconfirmed."""
        if self.is_confirmed(address):
            return
        if not may_use(address):
            raise unconfirmed(address)
        self.confirm(address)

    # -- opening ------------------------------------------------------------------------------------------

    def open(self, may_use: MayUse) -> SharedStore | None:
        """The store of the registry; None if it names none.

        Raises StoreUnconfirmed, StoreAbsent, and the errors of `address` and of `SharedStore.open`.
        """
        address = self.address()
        if address is None:
            return None
        self.require(address, may_use)
        return self.opened(address)

    def open_to_push(self, may_use: MayUse, may_raise: Confirm = decline) -> SharedStore | None:
        """The store that takes what is pushed; one that is not in a directory is created by the first push.

        `may_raise` is asked, with a question, before the store gets a format that 0.1 cannot read.
        Raises InvalidInput if there is none that can be written to, and the errors of `open`.
        """
        address, target = self.address(), self.address_to_push()
        if address is None:
            return None
        if target is None:
            raise only_read(address)
        self.require(address, may_use)
        try:
            store = self.opened(target, may_raise)
        except StoreAbsent:
            if target.scheme == "file" or self._is_used(target):
                raise
            if target != address and self._is_there(address):
                raise  # this is another store, or its URL is wrong
            SharedStore.create(self._files(target))
            store = self.opened(target, may_raise)
        if not self._is_used(target):
            add_own_value(self._paths, USED_SETTING, _identity(target))
        return store

    def address_to_push(self) -> StoreAddress | None:
        """The store of the registry, or the first further one that can be written to if that is only read.

        None without either.  Raises the errors of `address`.
        """
        address = self.address()
        if address is None or not address.read_only:
            return address
        for name, store in self.further().items():
            with suppress(InvalidInput):  # it is named where it is read
                further = store.address(name)
                if not further.read_only:
                    return further
        return None

    def _is_there(self, address: StoreAddress) -> bool:
        try:
            self.opened(address)
        except StoreAbsent:
            return False
        return True

    def create_directory(self, address: StoreAddress) -> str | None:
        """Creates a store that is in a directory; its path if it was created.

        Raises StoreAbsent if this clone has pushed to it and it is not there, TransportError.
        """
        if address.scheme != "file":
            return None
        files = self._files(address)
        try:
            SharedStore.open(files)
        except StoreAbsent:
            if self._is_used(address):
                raise
            return files.url if SharedStore.create(files) else None
        return None

    def opened(self, address: StoreAddress, may_raise: Confirm = decline) -> SharedStore:
        """A store that this clone may use.  Raises the errors of `SharedStore.open`."""
        return SharedStore.open(self._files(address), may_raise)

    def further(self) -> dict[str, FurtherStore]:
        """The further stores of this clone by name, in the order of git's configuration."""
        found: dict[str, dict[str, str]] = {}
        for key, value in self._git().settings().below(REMOTE_SECTION).items():
            match = _REMOTE.fullmatch(key)
            if match is not None and value:
                found.setdefault(match[1], {})[match[2]] = value
        return {name: FurtherStore(**values) for name, values in found.items() if "url" in values}

    def links(
        self, is_local: Callable[[StoreAddress], bool], shared: Callable[[], SharedStore | None]
    ) -> list[Link]:
        """The stores to read after the local one, none of them open; `shared` opens that of the registry."""
        found = [
            Link(store.url, partial(self._open_further, name, store))
            for name, store in self.further().items()
            if not _is(is_local, partial(store.address, name))
        ]
        url = self._config().store_url
        if url is not None and not _is(is_local, self.address):
            found.insert(0, Link(url, partial(_there, url, shared)))
        return found

    def _open_further(self, name: str, store: FurtherStore) -> SharedStore:
        return self.opened(store.address(name))

    def _files(self, address: StoreAddress) -> Files:
        """The files of a store; a relative path starts at the repository."""
        if "://" in address.url:
            return files_at(address, cached=True)
        return files_at(place_of(self._paths, address.url), cached=True)

    def _is_used(self, address: StoreAddress) -> bool:
        return _identity(address) in own_values(self._paths, USED_SETTING)

    def left_behind(self) -> list[StoreAddress]:
        """The stores that this clone has pushed to, and that it no longer reads.

        Raises NotFound if there is no registry.
        """
        used = [_address_of(identity) for identity in own_values(self._paths, USED_SETTING)]
        if not used:
            return []
        read: list[StoreAddress] = []
        finders: list[Callable[[], StoreAddress | None]] = [self.address]
        finders += [partial(store.address, name) for name, store in self.further().items()]
        for find in finders:
            with suppress(InvalidInput):  # it is named where it is opened
                read.extend(filter(None, (find(),)))
        return [each for each in used if not any(self._same(each, other) for other in read)]

    def _same(self, one: StoreAddress, other: StoreAddress) -> bool:
        places = (place_of(self._paths, address.url) for address in (one, other))
        return one.endpoint == other.endpoint and same_place(*places)

    def records(self, store: SharedStore | LooseStore) -> StoreRecords:
        """The records of this clone in a store that it pushes to.  Raises NotFound as `registry_id` does."""
        return StoreRecords(store.files, Owner(self.registry_id(), self.clone_id(), _host()))

    # -- who this is --------------------------------------------------------------------------------------

    def clone_id(self) -> str:
        """The random id of this clone, by which the records in a shared store name it."""
        return clone_id(self._paths)

    def registry_id(self) -> str:
        """The id of the registry: random, or the first commit of a registry that 0.1 initialized.

        Raises NotFound if this clone lacks that commit.
        """
        config = self._config()
        if config.registry_id is not None:
            return config.registry_id
        known = own_values(self._paths, REGISTRY_ID_SETTING)
        if known:
            return known[0]
        found = self._first_commit()
        add_own_value(self._paths, REGISTRY_ID_SETTING, found)
        return found

    def _first_commit(self) -> str:
        git = self._git()
        *_, oldest = first_parents(git, self._tip())
        if oldest in shallow_boundary(git):
            text = "this clone is shallow: it lacks the first commit of the registry, which identifies it"
            raise NotFound(text, UNSHALLOW)
        return oldest


def _host() -> str:
    """The name of this machine, for people who read the records."""
    return "".join(sign for sign in node() if sign.isprintable())[:HOST_LENGTH]


def _there(url: str, shared: Callable[[], SharedStore | None]) -> SharedStore:
    store = shared()
    if store is None:
        raise StoreAbsent(f"the registry's configuration no longer names the store '{url}'", Hint("config"))
    return store


def _is(is_local: Callable[[StoreAddress], bool], find: Callable[[], StoreAddress | None]) -> bool:
    """Whether a store is the local one; an address that is not valid is named when the store is opened."""
    try:
        address = find()
    except InvalidInput:
        return False
    return address is not None and is_local(address)


def address_in(config: RegistryConfig) -> StoreAddress | None:
    """The store of a registry by its configuration; None if it names none.  Raises InvalidInput."""
    if config.store_url is None:
        return None
    return parse_store_address(config.store_url, config.store_endpoint, config.store_region)


def described(address: StoreAddress) -> str:
    """A store's URL with its endpoint and region, for a question or a message."""
    parts = {"endpoint": address.endpoint, "region": address.region}
    more = ", ".join(f"{name} {value}" for name, value in parts.items() if value)
    return f"'{address.url}' ({more})" if more else f"'{address.url}'"


def only_read(address: StoreAddress, lacking: str = "") -> InvalidInput:
    """The error for a store behind a web server, what it lacks, and the command that helps."""
    text = f"the shared store '{address.url}' is behind a web server, which takes nothing{lacking}"
    return InvalidInput(f"{text}: add the URL by which it is written to", Hint("remote add", "upload", "URL"))


def unconfirmed(address: StoreAddress, hint: NextStep | None = None) -> StoreUnconfirmed:
    """The error for a store that this clone may not use yet, with what confirms it."""
    text = f"the repository names the shared store {described(address)}, which this clone has not confirmed"
    return StoreUnconfirmed(text, hint or Hint("config", "store.url", address.url))


def _identity(address: StoreAddress) -> str:
    """One text for everything that decides where bytes and credentials go."""
    parts = {"endpoint": address.endpoint, "region": address.region}
    url = address.url.replace("%", "%25").replace(" ", "%20")
    return " ".join([url, *(f"{name}={value}" for name, value in parts.items() if value)])


def _address_of(identity: str) -> StoreAddress:
    """The address of which `_identity` made a text."""
    url, *rest = identity.split(" ")
    parts = dict(part.split("=", 1) for part in rest)
    return parse_store_address(url.replace("%20", " ").replace("%25", "%"), **parts)
