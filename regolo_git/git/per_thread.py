"""The Git library's repository, which each thread opens for itself: threads must not share its objects."""

import threading

import pygit2

from regolo_git.forks import keep_from_children, tell_in_child
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import quarantine
from regolo_git.git.promised_objects import PromisedObjects, open_repository
from regolo_git.git.translate import git_errors

Opened = tuple[pygit2.Repository, PromisedObjects | None]


class _OfThread(threading.local):
    opened: Opened | None = None


class PerThread:
    """A repository with its promised objects; the thread that creates it opens it at once."""

    def __init__(self, paths: RepositoryPaths) -> None:
        self._paths = paths
        self._own = _OfThread()
        self.reopen()
        tell_in_child(self)

    def get(self) -> Opened:
        """What this thread has opened.  Raises the errors of `git_errors`."""
        return self._own.opened or self.reopen()

    def reopen(self) -> Opened:
        """Opens it again.  Raises the errors of `git_errors`."""
        with git_errors(f"repository '{self._paths.top}'"):
            opened = open_repository(self._paths)
            keep_from_children(opened[0])
            self._own.opened = opened
            if (received := quarantine()) is not None and received.is_dir():
                opened[0].odb.add_disk_alternate(str(received))  # the library does not look there
        return opened

    def after_fork(self) -> None:
        """Has a forked child open it itself."""
        self._own = _OfThread()
