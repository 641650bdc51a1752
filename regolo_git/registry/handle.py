"""A Git repository with its store, caches and configuration.

Opening a handle only locates the directories.  The Git library and the store are opened on first use: `list`
served from its cache needs neither, and importing them takes most of the time of a short command.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.forks import tell_in_child
from regolo_git.git.discover import RepositoryPaths, find_repository
from regolo_git.git.tag_index import TagIndex
from regolo_git.hints import Hint, NextStep, in_python
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS
from regolo_git.registry.notices import warn, words_of
from regolo_git.registry.opened_once import opened_once
from regolo_git.registry.records_at import Listing, RecordsAt

if TYPE_CHECKING:
    from regolo_git.artifacts.stat_cache import StatCache
    from regolo_git.git.branch_changes import BranchChanges
    from regolo_git.git.repository import GitRepository
    from regolo_git.records.config import RegistryConfig
    from regolo_git.records.store_url import StoreAddress
    from regolo_git.registry.clone_store import CloneStore
    from regolo_git.registry.recipe_index import RecipeIndex
    from regolo_git.registry.shared_store import SharedStores
    from regolo_git.registry.versions.version_actions import Verbs
    from regolo_git.store.chain import StoreChain
    from regolo_git.store.new_content import NewContent
    from regolo_git.store.shared import SharedStore
    from regolo_git.store.store import Store

DEFAULT_BRANCH = "main"
STORES = ("store", "shared", "stores")
COMMITS_KEPT = 8  # whose records stay in memory; a verb reads those of two or three commits
Record = TypeVar("Record")


class Handle:
    """A Git repository, the store beside it, and the local caches, for any thread and for forked children.

    With `reports_late`, the user knows what was published when `reported` is called, not when it is complete.
    A pickled handle is its paths: another process opens the repository there, on first use.
    """

    def __init__(self, paths: RepositoryPaths, on_notice: Callable[[str], None] = warn) -> None:
        self.paths = paths
        self._records: dict[tuple[str | None, str | None], RecordsAt] = {}
        self._on_notice = on_notice
        self._noticed: set[str] = set()
        self.lock = threading.RLock()
        tell_in_child(self)
        self.reports_late = False
        # Asked before the registry's shared store is first used, and before a push raises its format.
        self.may_use_store: Callable[[StoreAddress], bool] = lambda _: False
        self.may_raise_store: Callable[[str], bool] = lambda _: False
        # The class of the API whose methods the values of this registry call; None for the command line.
        self.face: Callable[[Handle], Verbs] | None = None

    def __reduce__(self) -> tuple[Callable[..., "Handle"], tuple[object, ...]]:
        from regolo_git.registry.unpickled import handle_at  # noqa: PLC0415 - seldom

        return handle_at, (type(self), self.paths, self.face)

    def __deepcopy__(self, _: object) -> "Handle":
        return self

    @classmethod
    def open(cls, start: Path, environ: Mapping[str, str], on_notice: Callable[[str], None] = warn) -> Self:
        """Finds the repository that contains `start`, or the one that GIT_DIR names.

        `on_notice` receives notices that do not stop the call, such as an unreadable record; the default
        issues a `RegoloNotice` warning.  Raises NotFound if there is no repository, InvalidInput for an
        unsupported kind of repository.
        """
        return cls(find_repository(start, environ), on_notice)

    def close(self) -> None:
        """Closes the caches; the handle must not be used afterwards."""
        with self.lock:
            for name in ("cache", "index"):
                opened = self.__dict__.pop(name, None)
                if opened is not None:
                    opened.close()

    def after_fork(self) -> None:
        """Has a forked child open the store itself: a library's connections cannot be shared."""
        self.lock = threading.RLock()
        self.forget_stores()

    def forget_stores(self) -> None:
        """Has the stores opened again when they are next needed, as their settings are then."""
        for name in STORES:
            self.__dict__.pop(name, None)

    def reported(self) -> None:
        """Notes that the user knows what was published: running the command again is a new request."""
        if "git" in self.__dict__:
            self.git.unreported.close()

    @property
    def local_directory(self) -> Path:
        """Store, caches, lock and journal of this clone; never committed."""
        return self.paths.common_dir / "regolo"

    @property
    def checkout_notes(self) -> Path:
        """The directory where running checkouts note their staging directories."""
        return self.local_directory / "checkouts"

    @opened_once
    def git(self) -> "GitRepository":
        """The Git repository, opened."""
        from regolo_git.git.repository import GitRepository  # noqa: PLC0415 - see the module's docstring

        git = GitRepository.open(self.paths)
        git.on_notice = self._on_notice
        git.unreported.late = self.reports_late
        return git

    @opened_once
    def clone_store(self) -> "CloneStore":
        """Where the store of this clone is, and whether it may be created."""
        from regolo_git.registry.clone_store import CloneStore  # noqa: PLC0415 - see the module's docstring

        return CloneStore(self.paths, lambda: self.git)

    @opened_once
    def store(self) -> "Store":
        """The local store, for reading: `regolo/store` in the common directory, or that of `regolo.store`.

        Raises StoreAbsent if it should be there and is not.
        """
        return self.clone_store.open_to_read()

    def new_content(self) -> AbstractContextManager["NewContent"]:
        """The local store for the content of a new version, looked up again.

        What a failed block has added is taken back, or a notice says how much stays.  Raises StoreAbsent.
        """
        for name in ("store", "stores"):  # a default store is created by its first content
            self.__dict__.pop(name, None)
        return self.clone_store.new_content(self._on_notice)

    @opened_once
    def shared_stores(self) -> "SharedStores":
        """The stores that this clone shares with others, none of them opened."""
        from regolo_git.registry.shared_store import SharedStores  # noqa: PLC0415 - see the module's docstring

        return SharedStores(self.paths, lambda: self.git, self.config, self.registry_tip)

    @opened_once
    def shared(self) -> "SharedStore | None":
        """The registry's shared store, for reading; None if it names none.

        Raises StoreUnconfirmed if this clone may not use it, and the other errors of `SharedStores.open`.
        """
        return self.shared_stores.open(self.may_use_store)

    @opened_once
    def stores(self) -> "StoreChain":
        """The local store, the registry's shared one and the further ones, read as one and opened on use."""
        from regolo_git.store.chain import Link, StoreChain  # noqa: PLC0415 - see the module's docstring

        clone = self.clone_store
        local = Link(clone.url, lambda: self.store)
        others = lambda: self.shared_stores.links(clone.is_at, lambda: self.shared)  # noqa: E731 - not yet
        return StoreChain(local, others, self.notice, clone.keep_recipe)

    @property
    def store_url(self) -> str:
        """The location of the local store: a path or a URL."""
        return self.clone_store.url

    @opened_once
    def cache(self) -> "StatCache":
        """The files that this clone has read and the recipes that it has verified."""
        from regolo_git.artifacts.stat_cache import StatCache  # noqa: PLC0415 - needed with the store only

        return StatCache(self.local_directory / "files.sqlite")

    @opened_once
    def recipe_index(self) -> "RecipeIndex":
        """The recipes of manifests and the chunks of recipes, as far as this clone has needed them."""
        from regolo_git.registry.recipe_index import RecipeIndex  # noqa: PLC0415 - for two commands only

        return RecipeIndex(self.local_directory / "recipes.sqlite")

    @opened_once
    def index(self) -> TagIndex:
        """The version tags of this repository, from a cache that is updated when stale."""
        return TagIndex(self.paths, lambda: self.git)

    @opened_once
    def branch_changes(self) -> "BranchChanges":
        """The changes of environments and endpoints on a branch, from a record of those already read."""
        from regolo_git.git.branch_changes import BranchChanges  # noqa: PLC0415 - see the module's docstring

        return BranchChanges(self.git, self.local_directory / "operations", (ENVIRONMENTS, ENDPOINTS))

    @contextmanager
    def steady(self) -> Iterator[None]:
        """A block in which this thread sees the version tags and git's settings as of one moment."""
        with self.index.steady(), self.git.steady():
            yield

    # -- records ------------------------------------------------------------------------------------------

    def records(self) -> RecordsAt:
        """The current records of the registry.

        Raises NotFound if there is no registry, or if this clone lacks its branch.
        """
        return self.records_from(self.registry_tip())

    def shown_records(self) -> RecordsAt:
        """`records` for a view: a notice stands for those of an operations branch that this clone lacks."""
        if (records := self.records()).lacking is None:
            return records
        self.notice_once(f"environments and endpoints are not known: {words_of(records.lacking, self.step)}")
        return RecordsAt(self.git, records.registry, None)

    def records_from(self, registry: str | None) -> RecordsAt:
        """The records of the registry branch as of a commit, and those of the operations branch as of now."""
        branch = self._operations_at(registry)
        try:
            operations = registry if branch is None else self._tip_of_operations(branch)
        except NotFound as error:
            return RecordsAt(self.git, registry, None, error)
        return self.records_of(registry, operations)

    def records_at(self, commit: str | None) -> RecordsAt:
        """All records as of one commit; None: before the first one."""
        return self.records_of(commit, commit)

    def records_of(self, registry: str | None, operations: str | None) -> RecordsAt:
        """The records as of a commit of each branch."""
        key = registry, operations
        with self.lock:
            records = self._records.pop(key, None) or RecordsAt(self.git, registry, operations)
            self._records[key] = records  # most recently used last
            if len(self._records) > COMMITS_KEPT:
                del self._records[next(iter(self._records))]
            return records

    def readable(self, listing: Listing[Record]) -> tuple[Record, ...]:
        """The readable records of a listing; a notice names each unreadable one, once."""
        self.notice_broken(listing.broken.values())
        return listing.records

    def notice_broken(self, errors: Iterable[IntegrityError]) -> None:
        """Issues a notice for each unreadable record, from the error that reading it raised, once."""
        for error in errors:
            self.notice_once(f"ignored an unreadable record: {words_of(error, self.step)}")

    def notice_once(self, text: str) -> None:
        """Issues a notice that this handle has not issued yet."""
        if text not in self._noticed:
            self._noticed.add(text)
            self.notice(text)

    def step(self, hint: NextStep) -> str:
        """A next step for a notice: a call for the API, else a command line."""
        return in_python(hint) if self.face is not None else str(hint)

    def notice(self, text: str) -> None:
        """Issues a notice."""
        self._on_notice(text)

    # -- the registry branch ------------------------------------------------------------------------------

    def config_at_head(self) -> "RegistryConfig | None":
        """The configuration at HEAD, on `main`, or on another registry branch; None if there is none."""
        for commit in (self.git.head_commit(), self.git.branch_tip(DEFAULT_BRANCH)):
            config = self.records_at(commit).config()
            if config is not None:
                return config
        return self._config_of_another_branch()

    def _config_of_another_branch(self) -> "RegistryConfig | None":
        from regolo_git.registry.other_branch import config_of_another_branch  # noqa: PLC0415 - seldom

        return config_of_another_branch(self)

    def registry_branch(self) -> str:
        """The branch of manifests, model cards, retirement and rules; this clone may lack it.

        Raises NotFound if the repository is not a registry.
        """
        config = self._require(self.config_at_head())
        if self.git.newest_known(config.branch) is None:
            # Topic branches still name the old branch after it was renamed.
            config = self._config_of_another_branch() or config
        return config.branch

    def registry_tip(self) -> str:
        """The tip of the registry branch, local or as last fetched from `origin`.

        Raises NotFound if the repository is not a registry, or if this clone lacks the branch.
        """
        branch = self.registry_branch()
        tip = self.git.newest_known(branch)
        if tip is None:
            from regolo_git.registry.missing_branch import missing_branch  # noqa: PLC0415 - imports the Git library

            raise missing_branch(self.git, branch)
        return tip

    def operations_branch(self) -> str:
        """The branch of environments and endpoints: the registry branch, unless the configuration names one.

        Raises NotFound as `registry_tip` does.
        """
        return self._operations_at(self.registry_tip()) or self.registry_branch()

    def operations_tip(self) -> str:
        """The tip of the operations branch, here or as last fetched from `origin`, whichever is further on.

        Raises NotFound if the repository is not a registry, or if this clone lacks one of the branches.
        """
        tip = self.registry_tip()
        branch = self._operations_at(tip)
        return tip if branch is None else self._tip_of_operations(branch)

    def _operations_at(self, registry: str | None) -> str | None:
        """The operations branch as of a commit of the registry branch; None if it is the same branch."""
        config = self.records_at(registry).config()
        return config.operations if config is not None else None

    def _tip_of_operations(self, branch: str) -> str:
        from regolo_git.registry.operations_branch import furthest_tip, missing_operations  # noqa: PLC0415 - few have

        tip = furthest_tip(self.git, branch)
        if tip is None:
            raise missing_operations(self.git, branch, self.registry_branch())
        return tip

    def config(self) -> "RegistryConfig":
        """The configuration on the registry branch.  Raises NotFound if there is none."""
        return self._require(self.records().config())

    def _require(self, config: "RegistryConfig | None") -> "RegistryConfig":
        if config is None:
            raise NotFound(f"'{self.paths.top}' is not a registry yet", Hint("init"))
        return config
