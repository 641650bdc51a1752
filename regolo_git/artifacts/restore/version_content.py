"""Whether a file at a destination has the content of a version, which the store can restore."""

import io
import os
from collections.abc import Mapping

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.destination import Destination
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.records.digests import ALGORITHMS, Algorithm, Digest, new_hasher
from regolo_git.store.store import Store

READ_STEP = 4 << 20


class VersionContent:
    """The files at one destination as the cache and a previous version know them.

    `previous` maps paths to the digests of a version that was checked out there; a path below the
    destination, "" for the destination itself, is a `member`.
    """

    def __init__(
        self,
        store: Store,
        tree: ArtifactTree,
        place: Destination,
        cache: StatCache | None,
        previous: Mapping[str, Digest],
    ) -> None:
        self._store = store
        self._tree = tree
        self._known = [cache.known(place.path, algorithm) for algorithm in ALGORITHMS] if cache else []
        self._expected = cache.expected(place.path) if cache else {}
        self._previous = previous

    def is_version(self, member: str, path: str, status: os.stat_result) -> bool:
        """Whether an ordinary file has a version's content; it is read only if its stamp does not tell."""
        if any(self.is_stored(known.recipe) for known in self.unchanged(member, status)):
            return True
        digests = self.restorable(member)
        return any(self.digest(path, algorithm) in digests for algorithm in {d.algorithm for d in digests})

    def unchanged(self, member: str, status: os.stat_result) -> list[KnownFile]:
        """What the cache knows of a file with this status, if it is certainly unchanged."""
        stamp = FileStamp.of(status)
        return [known for known in self._known_as(member) if known.is_still(stamp)]

    def restorable(self, member: str) -> set[Digest]:
        """The digests of a version's content that may be at a path: as last seen, or left by a killed run."""
        digests = {known.digest for known in self._known_as(member) if self.is_stored(known.recipe)}
        expected = self._expected.get(member, {}).items()
        digests |= {digest for digest, recipe in expected if self.is_stored(recipe)}
        return digests | ({self._previous[member]} if member in self._previous else set())

    def is_stored(self, recipe: Digest | None) -> bool:
        """Whether content of this recipe can be restored."""
        return recipe is not None and self._store.has_recipe(recipe)

    def digest(self, path: str, algorithm: Algorithm) -> Digest:
        """The digest of the file at a path of the tree, which is read."""
        with os.fdopen(self._tree.open_file(path), "rb", buffering=0) as file:
            return digest_of_file(file, algorithm)

    def _known_as(self, member: str) -> list[KnownFile]:
        return [known[member] for known in self._known if member in known]


def digest_of_file(file: io.FileIO, algorithm: Algorithm) -> Digest:
    """The digest of an open file from its position on."""
    hasher = new_hasher(algorithm)
    while data := file.read(READ_STEP):
        hasher.update(data)
    return Digest(algorithm, hasher.hexdigest())
