"""What checking out will do to each file of a destination: decided before anything is written."""

import io
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.destination import Destination
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.stat_cache import KnownFile, StatCache
from regolo_git.errors import Conflict
from regolo_git.records.digests import ALGORITHMS, Algorithm, Digest, new_hasher
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

READ_STEP = 4 << 20
SHOWN = 3
FORCE = "--force overwrites them; or move them away"


class Fate(Enum):
    """What becomes of a path."""

    MAKE = "there is nothing yet"
    REPLACE = "there is another version's content, or the caller insists"
    MODE = "the right content is there, but not executable, or executable when it should not be"
    KEEP = "the right content is there already"


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a checkout may overwrite besides content that the cache knows to be a version's.

    Files of `previous` (path to digest) that are as they were: those that the version lacks are removed.
    With `anything`, whatever is in the way.
    """

    previous: Mapping[str, Digest] = field(default_factory=dict)
    anything: bool = False


NOTHING = Overwrite()


@dataclass(frozen=True, slots=True)
class Target:
    """A file of the recipe by its number, its path below the tree's root, and what was seen there."""

    number: int
    path: str
    fate: Fate
    seen: os.stat_result | None

    @property
    def stamp(self) -> FileStamp | None:
        """What was seen there, as a stamp."""
        return FileStamp.of(self.seen) if self.seen else None


class Placing:
    """Decides, by what is at the destination and what the cache knows of it."""

    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        tree: ArtifactTree,
        place: Destination,
        *,
        cache: StatCache | None,
        overwrite: Overwrite,
    ) -> None:
        self._store = store
        self._recipe = recipe
        self._tree = tree
        self._top = place.name
        self._known = [cache.known(place.path, algorithm) for algorithm in ALGORITHMS] if cache else []
        self._expected = cache.expected(place.path) if cache else {}
        self._previous = overwrite.previous
        self._force = overwrite.anything

    def path_of(self, path: str) -> str:
        """A file's path below the tree's root."""
        return f"{self._top}/{path}" if path else self._top

    def targets(self, wanted: Sequence[int]) -> list[Target]:
        """The fate of each wanted file.  Raises Conflict, naming them, where content would be lost."""
        targets = []
        lost = []
        for number in wanted:
            file = self._recipe.files[number]
            path = self.path_of(file.path)
            status = self._tree.look(path)
            fate = self._fate(file, path, status)
            if fate is None:
                lost.append(path)
            else:
                targets.append(Target(number, path, fate, status))
        if lost:
            names = [f"'{printable(str(self._tree.root / path))}'" for path in lost[:SHOWN]]
            raise Conflict(
                f"{few_of(names, len(lost))} would be overwritten, with content that no version has", FORCE
            )
        return targets

    def leaving(self, staying: Collection[str]) -> list[str]:
        """Paths of the previous version's files that this one does not have, and nobody has changed."""
        return [
            self.path_of(path)
            for path, digest in sorted(self._previous.items())
            if path not in staying and self._is(self.path_of(path), path, digest)
        ]

    def _is(self, path: str, member: str, digest: Digest) -> bool:
        status = self._tree.look(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            return False
        known = self._unchanged(member, status)
        return any(file.digest == digest for file in known) or self._read(path, digest) == digest

    def _fate(self, file: RecipeFile, path: str, status: os.stat_result | None) -> Fate | None:
        """None where somebody's content would be lost."""
        if status is None:
            return Fate.MAKE
        if stat.S_ISDIR(status.st_mode):
            raise Conflict(
                f"'{printable(str(self._tree.root / path))}' is a directory where a file must go",
                "move it away, or choose another destination",
            )
        if stat.S_ISLNK(status.st_mode):
            return self._fate_of_link(file, path)
        if stat.S_ISREG(status.st_mode):
            return self._fate_of_file(file, path, status)
        return Fate.REPLACE if self._force else None

    def _fate_of_link(self, file: RecipeFile, path: str) -> Fate | None:
        """A link is followed for reading only: one to the right content can stay."""
        try:
            if _has_content(self._tree.root / path, file):
                return Fate.KEEP
        except OSError:
            pass  # it leads nowhere, or round in a circle
        return Fate.REPLACE if self._force else None

    def _fate_of_file(self, file: RecipeFile, path: str, status: os.stat_result) -> Fate | None:
        right = Fate.KEEP if (status.st_mode ^ file.mode) & stat.S_IXUSR == 0 else Fate.MODE
        unchanged = self._unchanged(file.path, status)
        if any(known.digest == file.digest for known in unchanged):
            return right
        if any(self._is_stored(known.recipe) for known in unchanged):
            return Fate.REPLACE
        ours = self._ours(file.path)
        if status.st_size != file.size and (self._force or not ours):
            return Fate.REPLACE if self._force else None  # need not be read
        current = self._read(path, file.digest)
        if current == file.digest:
            return right
        return Fate.REPLACE if self._force or current in ours else None

    def _ours(self, member: str) -> set[Digest]:
        """The digests of content at a path that is a version's: as last seen, or as a killed run left it."""
        ours = {known.digest for known in self._known_as(member) if self._is_stored(known.recipe)}
        expected = self._expected.get(member, {}).items()
        ours |= {digest for digest, recipe in expected if self._is_stored(recipe)}
        return ours | ({self._previous[member]} if member in self._previous else set())

    def _known_as(self, member: str) -> list[KnownFile]:
        return [known[member] for known in self._known if member in known]

    def _unchanged(self, member: str, status: os.stat_result) -> list[KnownFile]:
        stamp = FileStamp.of(status)
        return [known for known in self._known_as(member) if known.is_still(stamp)]

    def _is_stored(self, recipe: Digest | None) -> bool:
        """Whether content of this recipe can be had again."""
        return recipe is not None and self._store.has_recipe(recipe)

    def _read(self, path: str, like: Digest) -> Digest:
        with os.fdopen(self._tree.open_file(path), "rb", buffering=0) as file:
            return _digest(file, like.algorithm)


def _has_content(path: Path, file: RecipeFile) -> bool:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
        return False
    with path.open("rb", buffering=0) as opened:
        return _digest(opened, file.digest.algorithm) == file.digest


def _digest(file: io.FileIO, algorithm: Algorithm) -> Digest:
    hasher = new_hasher(algorithm)
    while data := file.read(READ_STEP):
        hasher.update(data)
    return Digest(algorithm, hasher.hexdigest())
