"""Plans the action for each path of a destination, before anything is written."""

import io
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.checkout_plan import Action, CheckoutPlan, PlannedFile
from regolo_git.artifacts.restore.destination import Destination
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.errors import Conflict
from regolo_git.records.digests import ALGORITHMS, Algorithm, Digest, new_hasher
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

READ_STEP = 4 << 20
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a checkout may overwrite besides content that the cache knows to be a version's.

    Unchanged files of `previous` (path to digest) may be overwritten, or removed if the version lacks them.
    With `anything`, every file may be overwritten.
    """

    previous: Mapping[str, Digest] = field(default_factory=dict)
    anything: bool = False


NOTHING = Overwrite()


class Planner:
    """Plans a checkout from the files at the destination and the cache."""

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

    def plan(self, wanted: Sequence[int], *, remove_others: bool) -> CheckoutPlan:
        """The action for each wanted file, and with `remove_others` the old files to remove.

        Raises Conflict, naming the files, if content would be lost.
        """
        files = self._planned(wanted)
        paths = {file.path for file in self._recipe.files}
        return CheckoutPlan(files, self._removals(paths) if remove_others else [])

    def _planned(self, wanted: Sequence[int]) -> list[PlannedFile]:
        planned = []
        lost = []
        for number in wanted:
            file = self._recipe.files[number]
            path = self._path_of(file.path)
            status = self._tree.look(path)
            action = self._action(file, path, status)
            if action is None:
                lost.append(path)
            else:
                planned.append(PlannedFile(number, path, action, status))
        if lost:
            raise self._would_lose(lost)
        return planned

    def _would_lose(self, paths: list[str]) -> Conflict:
        names = [f"'{printable(str(self._tree.root / path))}'" for path in paths[:SHOWN]]
        whose, them = ("its", "it") if len(paths) == 1 else ("their", "them")
        return Conflict(
            f"refusing to overwrite {few_of(names, len(paths))}: {whose} content matches no version",
            f"move {them} away, or overwrite {them} with --force",
        )

    def _removals(self, staying: Collection[str]) -> list[str]:
        """Paths of unchanged files of the previous version that this one lacks."""
        return [
            self._path_of(path)
            for path, digest in sorted(self._previous.items())
            if path not in staying and self._is(self._path_of(path), path, digest)
        ]

    def _path_of(self, path: str) -> str:
        """A file's path below the tree's root."""
        return f"{self._top}/{path}" if path else self._top

    def _is(self, path: str, member: str, digest: Digest) -> bool:
        status = self._tree.look(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            return False
        known = self._unchanged(member, status)
        return any(file.digest == digest for file in known) or self._read(path, digest) == digest

    def _action(self, file: RecipeFile, path: str, status: os.stat_result | None) -> Action | None:
        """The action at a path; None if content would be lost."""
        if status is None:
            return Action.CREATE
        if stat.S_ISDIR(status.st_mode):
            raise Conflict(
                f"'{printable(str(self._tree.root / path))}' is a directory, not a file",
                "move it away, or choose another destination",
            )
        if stat.S_ISLNK(status.st_mode):
            return self._action_for_link(file, path)
        if stat.S_ISREG(status.st_mode):
            return self._action_for_file(file, path, status)
        return Action.REPLACE if self._force else None

    def _action_for_link(self, file: RecipeFile, path: str) -> Action | None:
        """The action for a link, which may stay if it leads to the right content."""
        try:
            if _has_content(self._tree.root / path, file):
                return Action.KEEP
        except OSError:
            pass  # a broken link, or a cycle
        return Action.REPLACE if self._force else None

    def _action_for_file(self, file: RecipeFile, path: str, status: os.stat_result) -> Action | None:
        right = Action.KEEP if (status.st_mode ^ file.mode) & stat.S_IXUSR == 0 else Action.CHMOD
        unchanged = self._unchanged(file.path, status)
        if any(known.digest == file.digest for known in unchanged):
            return right
        if any(self._is_stored(known.recipe) for known in unchanged):
            return Action.REPLACE
        replaceable = self._replaceable(file.path)
        if status.st_size != file.size and (self._force or not replaceable):
            return Action.REPLACE if self._force else None  # the size decides
        current = self._read(path, file.digest)
        if current == file.digest:
            return right
        return Action.REPLACE if self._force or current in replaceable else None

    def _replaceable(self, member: str) -> set[Digest]:
        """The digests of a version's content that may be at a path: as last seen, or left by a killed run."""
        digests = {known.digest for known in self._known_as(member) if self._is_stored(known.recipe)}
        expected = self._expected.get(member, {}).items()
        digests |= {digest for digest, recipe in expected if self._is_stored(recipe)}
        return digests | ({self._previous[member]} if member in self._previous else set())

    def _known_as(self, member: str) -> list[KnownFile]:
        return [known[member] for known in self._known if member in known]

    def _unchanged(self, member: str, status: os.stat_result) -> list[KnownFile]:
        stamp = FileStamp.of(status)
        return [known for known in self._known_as(member) if known.is_still(stamp)]

    def _is_stored(self, recipe: Digest | None) -> bool:
        """Whether content of this recipe can be restored."""
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
