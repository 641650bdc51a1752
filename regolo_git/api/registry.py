"""The class `Registry`, whose methods are the Python API.

The methods are defined in `versions.py` and `endpoints.py`; the functions of `current.py` call them on the
current registry.
"""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from regolo_git.api.canaries import CanaryVerbs
from regolo_git.api.comparisons import ComparisonVerbs
from regolo_git.api.endpoints import EndpointVerbs
from regolo_git.api.exchange import ExchangeVerbs
from regolo_git.api.measuring import MeasuringVerbs
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.api.versions import PathLike
from regolo_git.errors import PolicyRefused
from regolo_git.records.names import checked_path
from regolo_git.registry.handle import Handle
from regolo_git.registry.initialize import initialize
from regolo_git.registry.sync.clone import ASKED_FROM, clone_registry, fetch_first_recipes, files_to_check_out
from regolo_git.registry.sync.clone_place import end_clone
from regolo_git.registry.sync.files import check_out_all
from regolo_git.text.sizes import size_text


class Registry(MeasuringVerbs, ComparisonVerbs, EndpointVerbs, CanaryVerbs, ExchangeVerbs):
    """A Git repository with its configuration and store; a context manager.

    Any thread may use an instance, and so may a forked child beside its parent.
    """

    def __init__(self, handle: Handle) -> None:
        if not isinstance(handle, Handle):
            raise TypeError(f"a registry is opened with Registry.open({handle!r})")
        self.handle = handle
        handle.face = type(self)

    @classmethod
    def open(cls, path: PathLike = ".") -> Self:
        """Opens the registry that contains `path`.  Raises NotFound outside a Git repository."""
        return cls(Handle.open(checked_path(path), os.environ))

    @classmethod
    def init(cls, path: PathLike = ".", store: str | None = None) -> Self:
        """Initializes a model registry in the Git repository that contains `path`, unless there is one.

        `store` is the URL of the shared store to record.  Raises NotFound, Conflict, InvalidInput.
        """
        registry = cls.open(path)
        initialize(registry.handle, store)
        return registry

    @classmethod
    def clone(
        cls,
        url: str,
        path: PathLike | None = None,
        *,
        models: Sequence[str] = (),
        checkout: bool = True,
        yes: bool = False,
        progress: ProgressOption = None,
    ) -> Self:
        """Clones a registry with its version tags, and checks out the files of its models, or of `models`.

        `path` is by default named after the URL.  `yes` confirms the shared store that the registry names,
        and more than 5 GB; `progress` is that of `checkout_model_version`.  Raises NotFound, Conflict for a
        directory that is there, PolicyRefused without `yes`, and TransportError.
        """
        checked_path(url)
        handle = clone_registry(url, checked_path(path) if path is not None else None)
        handle.may_use_store = lambda _: yes
        try:
            address = handle.shared_stores.address()
            if yes and address is not None:  # also where no file is fetched now
                handle.shared_stores.require(address, handle.may_use_store)
            wanted = files_to_check_out(handle, models) if checkout else []
            size = sum(manifest.artifact.size for manifest in wanted)
            if size > ASKED_FROM and not yes:
                raise PolicyRefused(
                    f"refusing to fetch {size_text(size)} without confirmation", "yes=True says yes"
                )
            with reporting(progress, "checking out") as tell:
                files = check_out_all(handle, wanted, tell, on_fetch=tell)
            fetch_first_recipes(handle, files)
            for error in files.failed:
                raise error
            end_clone(handle.paths.top)
        except BaseException:
            handle.close()
            raise
        return cls(handle)

    def __repr__(self) -> str:
        return f"<Registry {str(self.handle.paths.top)!r}>"

    def close(self) -> None:
        """Closes the repository and releases the caches."""
        self.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
