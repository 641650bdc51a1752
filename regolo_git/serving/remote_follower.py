"""Following a remote: its branches and tags are fetched again and again while endpoints are served.

Nothing of what is served depends on the remote: a commit is served once it is here with its bytes, and while
the remote cannot be reached everything goes on as it is.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.git.remotes import remote_of_branch
from regolo_git.registry.handle import Handle
from regolo_git.registry.remote_branches import fetch_branches

ATTEMPTS = 3  # the configuration that is fetched may name another operations branch


def followed_remote(handle: Handle) -> str:
    """The remote that the registry branch is fetched from.  Raises NotFound if there is none."""
    remote = remote_of_branch(handle.git, handle.registry_branch())
    if remote is None:
        raise NotFound("this clone has no remote to fetch from", "git remote add origin URL")
    return remote.name


def remote_head(handle: Handle, remote: str) -> str:
    """The tip of a remote's operations branch as last fetched.  Raises NotFound if it never was."""
    branch = _operations_branch(handle, remote)
    tip = handle.git.remote_branch_tip(remote, branch)
    if tip is None:
        raise NotFound(f"remote '{remote}' has no branch '{branch}'", f"git ls-remote {remote}")
    return tip


def _operations_branch(handle: Handle, remote: str) -> str:
    """The operations branch by the configuration at the remote; the registry branch if none was fetched."""
    registry = handle.registry_branch()
    tip = handle.git.remote_branch_tip(remote, registry)
    if tip is None:
        return registry
    config = handle.records_at(tip).config()
    return config.operations or registry if config is not None else registry


def fetch_state(handle: Handle, remote: str) -> None:
    """Fetches the registry branch, the operations branch, and the version tags of the models at endpoints.

    Raises TransportError, NotFound if the remote is not there.
    """
    fetched: _Wanted | None = None
    for _ in range(ATTEMPTS):
        wanted = _wanted(handle, remote)
        if wanted == fetched:
            return
        fetch_branches(handle.git, remote, wanted.branches, wanted.models)
        fetched = wanted


class _Wanted(NamedTuple):
    branches: tuple[str, ...]
    models: tuple[str, ...] = ()


def _wanted(handle: Handle, remote: str) -> _Wanted:
    """The branches and models by what was fetched last; a commit that cannot be read has no say in it."""
    registry = handle.registry_branch()
    try:
        branches = tuple(dict.fromkeys((registry, _operations_branch(handle, remote))))
    except (NotFound, IntegrityError):
        return _Wanted((registry,))
    try:
        endpoints = handle.records_at(remote_head(handle, remote)).endpoints()
    except (NotFound, IntegrityError):
        return _Wanted(branches)
    return _Wanted(branches, tuple(sorted({endpoint.model for endpoint in endpoints.records})))


class RemoteFollower:
    """Fetches from a remote every `seconds`; `say` gets a line when that fails, and when it works again."""

    def __init__(
        self, open_handle: Callable[[], Handle], remote: str, seconds: float, say: Callable[[str], None]
    ) -> None:
        self._open = open_handle
        self._remote = remote
        self._seconds = seconds
        self._say = say
        self._problem: str | None = None
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block before which the remote is asked once, and in which a thread goes on asking.

        The thread does not hold up the end of the block, nor that of the process.
        """
        with closing(self._open()) as handle:
            self._fetch(handle)
        threading.Thread(target=self._follow, name="regolo-fetch-remote", daemon=True).start()
        try:
            yield
        finally:
            self._stopped.set()

    def _follow(self) -> None:
        with closing(self._open()) as handle:
            while not self._stopped.wait(self._seconds):
                self._fetch(handle)

    def _fetch(self, handle: Handle) -> None:
        try:
            fetch_state(handle, self._remote)
        except (RegoloError, OSError) as error:
            message = error.message if isinstance(error, RegoloError) else str(error)
            self._tell(f"'{self._remote}' is not followed: {message}")
        else:
            self._tell(None)

    def _tell(self, problem: str | None) -> None:
        """Reports a problem once, and its end."""
        if problem == self._problem or self._stopped.is_set():
            return
        self._say(problem if problem is not None else f"'{self._remote}' is followed again")
        self._problem = problem
