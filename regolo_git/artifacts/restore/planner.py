"""Plans the action for each path of a destination, before anything is written."""

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree, Blocked
from regolo_git.artifacts.restore.checkout_plan import Action, CheckoutPlan, PlannedFile
from regolo_git.artifacts.restore.destination import Destination
from regolo_git.artifacts.restore.obstacles import Above, Obstacles, refuse_special
from regolo_git.artifacts.restore.version_content import VersionContent, digest_of_file
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.errors import Conflict
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a checkout may overwrite besides content that the cache knows to be a version's.

    Unchanged files of `previous` (path to digest) may be overwritten, or removed if the version lacks them.
    A file where the destination needs a directory may be moved away if it has one of the digests `above`.
    With `anything`, every file may be overwritten, and with `anything_above` moved away.
    """

    previous: Mapping[str, Digest] = field(default_factory=dict)
    above: Collection[Digest] = ()
    anything: bool = False
    anything_above: bool = False


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
        self._recipe = recipe
        self._tree = tree
        self._top = place.name
        self._content = VersionContent(store, tree, place, cache, overwrite.previous)
        self._previous = overwrite.previous
        self._force = overwrite.anything
        above = Above(overwrite.above, anything=overwrite.anything_above)
        self._obstacles = Obstacles(tree, place.name, self._content, above, force=overwrite.anything)

    def plan(self, wanted: Sequence[int], *, remove_others: bool) -> CheckoutPlan:
        """The action for each wanted file, and with `remove_others` the old files to remove.

        Raises Conflict, naming the files, if content would be lost.
        """
        files = self._planned(wanted)
        obstacles = self._obstacles.found
        paths = {file.path for file in self._recipe.files}
        removals = self._removals(paths) if remove_others else []
        leaving = [path for path in removals if not any(obstacle.has(path) for obstacle in obstacles)]
        return CheckoutPlan(files, obstacles, leaving)

    def _planned(self, wanted: Sequence[int]) -> list[PlannedFile]:
        planned = []
        lost = []
        for number in wanted:
            file = self._recipe.files[number]
            path = self._path_of(file.path)
            status = self._status(path)
            action = self._action(file, path, status)
            if action is None:
                lost.append(path)
            else:
                planned.append(PlannedFile(number, path, action, status))
        if lost:
            raise self._would_lose(lost)
        return planned

    def _status(self, path: str) -> os.stat_result | None:
        """The status of what a file meets at its path, without what is moved away before."""
        try:
            status = self._tree.look(path)
        except Blocked as blocked:
            self._obstacles.add_file(blocked)
            return None
        if status is not None and stat.S_ISDIR(status.st_mode):
            self._obstacles.add_directory(path)
            return None
        return status

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
        status = self._tree.find(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            return False
        known = self._content.unchanged(member, status)
        return (
            any(file.digest == digest for file in known)
            or self._content.digest(path, digest.algorithm) == digest
        )

    def _action(self, file: RecipeFile, path: str, status: os.stat_result | None) -> Action | None:
        """The action at a path; None if content would be lost."""
        if status is None:
            return Action.CREATE
        refuse_special(self._tree, path, status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            return self._action_for_link(file, path)
        return self._action_for_file(file, path, status)

    def _action_for_link(self, file: RecipeFile, path: str) -> Action | None:
        """The action for a link, which may stay if it leads to the right content."""
        try:
            status = (self._tree.root / path).stat()
            refuse_special(self._tree, path, status.st_mode)
            if _has_content(self._tree.root / path, file, status):
                return Action.KEEP
        except OSError:
            pass  # a broken link, or a cycle
        return Action.REPLACE if self._force else None

    def _action_for_file(self, file: RecipeFile, path: str, status: os.stat_result) -> Action | None:
        right = Action.KEEP if (status.st_mode ^ file.mode) & stat.S_IXUSR == 0 else Action.CHMOD
        unchanged = self._content.unchanged(file.path, status)
        if any(known.digest == file.digest for known in unchanged):
            return right
        if any(self._content.is_stored(known.recipe) for known in unchanged):
            return Action.REPLACE
        restorable = self._content.restorable(file.path)
        if status.st_size != file.size and (self._force or not restorable):
            return Action.REPLACE if self._force else None  # the size decides
        current = self._content.digest(path, file.digest.algorithm)
        if current == file.digest:
            return right
        return Action.REPLACE if self._force or current in restorable else None


def _has_content(path: Path, file: RecipeFile, status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
        return False
    with path.open("rb", buffering=0) as opened:
        return digest_of_file(opened, file.digest.algorithm) == file.digest
