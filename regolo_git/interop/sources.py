"""The registry that a filesystem reads: one on this machine, or one at a URL."""

import os
import threading
from pathlib import Path
from typing import Protocol

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.forks import tell_in_child
from regolo_git.git.discover import absolute
from regolo_git.git.tag_index import TagRow
from regolo_git.interop.os_errors import PathNotFound
from regolo_git.interop.trust import Trust
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row


class Source(Protocol):
    """A registry, opened when it is first needed; may be used from several threads and in forked children."""

    def handle(self) -> Handle:
        """The registry, opened.  Raises NotFound if there is none, TransportError."""

    def current(self) -> Handle:
        """The registry as it is now; raises as `handle` does."""

    def find(self, reference: Reference) -> TagRow:
        """The tag of a version, as the registry is now.  Raises PathNotFound, and the errors of `handle`."""

    def ask_again(self) -> None:
        """Has a remote asked for what it has, even if it was asked a moment ago."""


class LocalSource:
    """The registry that contains a path, by default `REGOLO_REPO` or the working directory at that moment."""

    def __init__(self, repo: str | Path | None, trust: Trust) -> None:
        self._repo = repo
        self._trust = trust
        self._opened: tuple[tuple[Path, str | None], Handle] | None = None
        self._lock = threading.RLock()
        tell_in_child(self)

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would stay locked in the child."""
        self._lock = threading.RLock()

    def handle(self) -> Handle:
        """See `Source.handle`."""
        named = self._repo if self._repo is not None else os.environ.get("REGOLO_REPO", "")
        place = absolute(Path(named)), os.environ.get("GIT_DIR")
        with self._lock:
            if self._opened is None or self._opened[0] != place:
                handle = Handle.open(place[0], os.environ)
                handle.registry_branch()  # raises an error of its own if this is not a registry
                handle.may_use_store = self._trust
                self._opened = place, handle
            return self._opened[1]

    def current(self) -> Handle:
        """See `Source.current`."""
        return self.handle()

    def find(self, reference: Reference) -> TagRow:
        """See `Source.find`."""
        return find_version(self.handle(), reference)

    def ask_again(self) -> None:
        """See `Source.ask_again`: there is nobody to ask."""


def find_version(handle: Handle, reference: Reference) -> TagRow:
    """The tag of a version.  Raises PathNotFound."""
    try:
        return find_row(handle, reference)
    except NotFound as error:
        raise PathNotFound(error.message, error.hint) from error


def default_cache() -> Path:
    """Where clones of registries at a URL are.  Raises InvalidInput if there is no home directory."""
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(named) if named else Path.home() / ".cache") / "regolo" / "registries"
    except RuntimeError as error:
        raise InvalidInput("there is no home directory for a cache", "pass cache=DIRECTORY") from error
