"""A registry at the URL of a Git remote, read by a clone without files in a cache directory."""

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from regolo_git.errors import InvalidInput, NotFound, RegoloError
from regolo_git.forks import open_for_lock, tell_in_child
from regolo_git.git.git_locks import remove_git_locks
from regolo_git.git.lock import taken_lock
from regolo_git.git.remote.choose import clone_to_read
from regolo_git.git.remote.failures import without_credentials
from regolo_git.git.tag_index import TagRow
from regolo_git.git.translate import git_errors
from regolo_git.interop.os_errors import PathNotFound
from regolo_git.interop.sources import find_version
from regolo_git.interop.trust import Trust
from regolo_git.records.digests import blake3_hex
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.fetch import fetch

CURRENT_SECONDS = 5.0  # for which what the remote has said counts as what it has now


class RemoteSource:
    """The registry at a URL; see `Source`.

    Versions never change, so one that was fetched is found without asking the remote.  The remote is asked
    for one that is not known, for `latest` and for an environment.
    """

    def __init__(self, url: str, cache: Path, trust: Trust) -> None:
        """`cache` has the clones of all URLs.  Raises InvalidInput for an empty URL."""
        if not url:
            raise InvalidInput("the URL of the registry is empty", 'pass registry="https://…"')
        self._url = str(Path(url).resolve()) if Path(url).exists() else url
        self._place = cache / blake3_hex(self._url.encode("utf-8", "surrogateescape"))[:32]
        self._trust = trust
        self._opened: Handle | None = None
        self._asked = -CURRENT_SECONDS  # when the remote was last asked
        self._lock = threading.RLock()
        tell_in_child(self)

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would stay locked in the child."""
        self._lock = threading.RLock()

    def handle(self) -> Handle:
        """See `Source.handle`."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def current(self) -> Handle:
        """See `Source.current`."""
        with self._lock:
            handle = self.handle()
            if monotonic() - self._asked >= CURRENT_SECONDS:
                before = handle.registry_tip()
                _fetch(handle)
                if handle.registry_tip() != before:
                    handle.forget_stores()  # their settings may have changed
                self._asked = monotonic()
            return handle

    def find(self, reference: Reference) -> TagRow:
        """See `Source.find`."""
        if reference.version is not None:
            try:
                return find_version(self.handle(), reference)
            except PathNotFound:
                pass  # here; the remote may have it
        return find_version(self.current(), reference)

    def ask_again(self) -> None:
        """See `Source.ask_again`."""
        with self._lock:
            self._asked = monotonic() - CURRENT_SECONDS

    def _open(self) -> Handle:
        with self._alone():
            if not self._place.is_dir():
                self._clone()
        handle = Handle.open(self._place, {})
        handle.may_use_store = self._trust
        return handle

    def _clone(self) -> None:
        """Clones to another name first: a process that is killed leaves no half of a clone."""
        unfinished = self._place.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        clone_to_read(self._url, unfinished)
        with closing(Handle.open(unfinished, {})) as handle:
            is_registry = handle.config_at_head() is not None
        if not is_registry:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise NotFound(f"'{without_credentials(self._url)}' is not a model registry")
        unfinished.rename(self._place)
        self._asked = monotonic()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A block in which no other process clones to the same place, nor a git whose process was killed."""
        path = self._place.with_suffix(".lock")
        with git_errors(f"lock '{path}'"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = open_for_lock(lambda: os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with taken_lock(descriptor):
            with git_errors(f"lock '{path}'"):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield


def _fetch(handle: Handle) -> None:
    """Fetches, also after a git that was killed with a lock: nobody else would look into the cache for it."""
    try:
        fetch(handle)
    except RegoloError:
        if not remove_git_locks(handle.paths):
            raise
        fetch(handle)
