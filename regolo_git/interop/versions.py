"""The versions of a registry by reference, each with its list of files, which stays in memory for a while."""

import threading

from regolo_git.forks import tell_in_child
from regolo_git.interop.sources import Source
from regolo_git.interop.version_tree import VersionTree
from regolo_git.records.references import Reference
from regolo_git.registry.versions.open_file import read_content

KEPT = 16  # versions; a list of files may be of several megabytes


class Versions:
    """Those of one source; may be used from several threads and in forked children."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._trees: dict[tuple[str, str], VersionTree] = {}
        self._lock = threading.Lock()
        tell_in_child(self)

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would stay locked in the child."""
        self._lock = threading.Lock()

    def tree(self, version: str) -> VersionTree:
        """The files of the version that a reference resolves to now.

        Raises PathNotFound, InvalidInput, IntegrityError, TransportError, and NotFound if no store has it.
        """
        reference = Reference.parse(version)
        handle = self._source.handle()
        row = self._source.find(reference)
        key = str(handle.paths.common_dir), row.tag_oid
        with self._lock:
            tree = self._trees.pop(key, None)
        if tree is None:
            tree = VersionTree(*read_content(handle, row))
        with self._lock:
            self._trees[key] = tree  # most recently used last
            while len(self._trees) > KEPT:
                del self._trees[next(iter(self._trees))]
        return tree
