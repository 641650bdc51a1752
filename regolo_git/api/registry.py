"""The class `Registry`, whose methods are the Python API.

The methods are defined in `versions.py` and `endpoints.py`; the functions of `current.py` call them on the
current registry.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from regolo_git.api.endpoints import EndpointVerbs
from regolo_git.api.versions import PathLike, VersionVerbs
from regolo_git.registry.handle import Handle
from regolo_git.registry.initialise import initialise


class Registry(VersionVerbs, EndpointVerbs):
    """A Git repository with its configuration and store; a context manager.

    Any thread may use an instance, and so may a forked child beside its parent.
    """

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    @classmethod
    def open(cls, path: PathLike = ".") -> Self:
        """Opens the registry that contains `path`.  Raises NotFound outside a Git repository."""
        return cls(Handle.open(Path(path), os.environ))

    @classmethod
    def init(cls, path: PathLike = ".", store: str | None = None) -> Self:
        """Initializes a model registry in the Git repository that contains `path`, unless there is one.

        `store` is the URL of the shared store to record.  Raises NotFound, Conflict, InvalidInput.
        """
        registry = cls.open(path)
        initialise(registry.handle, store)
        return registry

    def close(self) -> None:
        """Closes the repository and releases the caches."""
        self.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
