"""The registry as an object: every verb of the Python API is a method of `Registry`.

The verbs themselves are in `versions.py` and `endpoints.py`, by what they are about; the functions of
`current.py` call them on the current registry.
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
    """One registry: a Git repository with its configuration and store; a context manager.

    It belongs to the thread that opened it; the functions of the package open one for each thread.
    """

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    @classmethod
    def open(cls, path: PathLike = ".") -> Self:
        """Opens the registry that holds `path`.  Raises NotFound where there is no repository."""
        return cls(Handle.open(Path(path), os.environ))

    @classmethod
    def init(cls, path: PathLike = ".", store: str | None = None) -> Self:
        """Makes the Git repository that holds `path` a registry; doing it again changes nothing.

        `store` is the URL of the shared store to record.  Raises NotFound, Conflict, InvalidInput.
        """
        registry = cls.open(path)
        initialise(registry.handle, store)
        return registry

    def close(self) -> None:
        """Lets go of the caches."""
        self.handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
