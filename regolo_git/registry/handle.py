"""One Git repository with its store, caches and configuration: what every verb of the registry works on.

Opening finds the directories only.  The Git library and the store are opened when a verb first needs them,
because `list` from its cache needs neither and they take most of a short command's time to import.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.git.discover import RepositoryPaths, find_repository
from regolo_git.git.tag_index import TagIndex
from regolo_git.records.config import RegistryConfig
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.tables import of_file

if TYPE_CHECKING:
    from regolo_git.artifacts.stat_cache import StatCache
    from regolo_git.git.repository import GitRepository
    from regolo_git.store.store import Store

DEFAULT_BRANCH = "main"


class Handle:
    """A Git repository, the store beside it, and the local caches; a context manager."""

    def __init__(self, paths: RepositoryPaths) -> None:
        self.paths = paths

    @classmethod
    def open(cls, start: Path, environ: Mapping[str, str]) -> Self:
        """Finds the repository that holds `start` (or that GIT_DIR names).

        Raises NotFound where there is none, InvalidInput for a kind of repository that cannot be used.
        """
        return cls(find_repository(start, environ))

    def close(self) -> None:
        """Lets go of the caches; the object is not used afterwards."""
        for name in ("cache", "index"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    @property
    def local_directory(self) -> Path:
        """Store, caches, lock and journal of this clone; never committed."""
        return self.paths.common_dir / "regolo"

    @cached_property
    def git(self) -> "GitRepository":
        """The Git repository, opened."""
        from regolo_git.git.repository import GitRepository  # noqa: PLC0415 - see the module's first words

        return GitRepository.open(self.paths)

    @cached_property
    def store(self) -> "Store":
        """The local store: `regolo/store` in the common directory, or where `regolo.localStore` says."""
        from regolo_git.store.store import Store  # noqa: PLC0415 - see the module's first words

        return Store.open_or_create(self.store_url)

    @property
    def store_url(self) -> str:
        """Where the local store lies: a path or a URL.

        A relative path starts beside the repository, wherever the command is typed; `~` is the home.
        """
        configured = self.git.config_get("regolo.localStore")
        if configured is None or "://" in configured:
            return configured or str(self.local_directory / "store")
        common = self.paths.common_dir
        return str((common.parent if common.name == ".git" else common) / Path(configured).expanduser())

    @cached_property
    def cache(self) -> "StatCache":
        """What this clone remembers of files it has read, and of recipes it has verified."""
        from regolo_git.artifacts.stat_cache import StatCache  # noqa: PLC0415 - needed with the store only

        return StatCache(self.local_directory / "files.sqlite")

    @cached_property
    def index(self) -> TagIndex:
        """The version tags of this repository, from a cache that is valid or brought up to date."""
        return TagIndex(self.paths, lambda: self.git)

    # -- the registry branch ------------------------------------------------------------------------------

    def config_at_head(self) -> RegistryConfig | None:
        """The configuration in the commit that is checked out, on `main`, or on another registry branch.

        None where there is none.
        """
        for commit in (self.git.head_commit(), self.git.branch_tip(DEFAULT_BRANCH)):
            text = self.git.read_file(commit, CONFIG_PATH) if commit else None
            if text is not None:
                return _parse_config(text)
        return self._config_of_another_branch()

    def _config_of_another_branch(self) -> RegistryConfig | None:
        """That of a branch whose configuration says that it is the registry branch.

        So it is found from a commit that is older than the registry, where `init` would make a second one.
        """
        for branch, commit in self.git.branches():
            text = self.git.read_file(commit, CONFIG_PATH)
            try:
                config = _parse_config(text) if text is not None else None
            except IntegrityError:
                continue  # of some topic branch; that of the registry branch is told of when it is stood on
            if config is not None and config.branch == branch:
                return config
        return None

    def registry_branch(self) -> str:
        """The branch where environments, endpoints and retirement are resolved.

        Raises NotFound where the repository is no registry.
        """
        config = self.config_at_head()
        if config is None:
            raise NotFound(f"'{self.paths.top}' is not a registry yet", "git regolo init")
        return config.branch

    def registry_tip(self) -> str | None:
        """The commit of the registry branch, here or as last fetched from `origin`; None while unborn."""
        return self.git.newest_known(self.registry_branch())

    def config(self) -> RegistryConfig:
        """The configuration on the registry branch.  Raises NotFound where there is none."""
        tip = self.registry_tip()
        text = self.git.read_file(tip, CONFIG_PATH) if tip else None
        if text is None:
            raise NotFound(f"'{self.paths.top}' is not a registry yet", "git regolo init")
        return _parse_config(text)


@lru_cache(maxsize=8)
def _parse_config(text: bytes) -> RegistryConfig:
    with of_file(CONFIG_PATH):
        return RegistryConfig.parse(text)
