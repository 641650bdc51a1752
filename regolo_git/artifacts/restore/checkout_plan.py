"""The plan of a checkout: an action for each file, and the files to remove."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from regolo_git.artifacts.source.file_stamp import FileStamp


class Action(Enum):
    """What a checkout does at a path, and the state that it finds there."""

    CREATE = "nothing is there"
    REPLACE = "another version's content is there, or overwriting is forced"
    CHMOD = "the content is right, but the executable bit is not"
    KEEP = "the content is already right"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the recipe by its number, its path below the tree's root, and the status found there."""

    number: int
    path: str
    action: Action
    seen: os.stat_result | None

    @property
    def stamp(self) -> FileStamp | None:
        """The status found there, as a stamp."""
        return FileStamp.of(self.seen) if self.seen else None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A file where a directory must go, or a directory where a file must go, which is moved away.

    `seen` has the status of the file, or of every file in the directory, by path.
    """

    path: str
    is_directory: bool
    seen: Mapping[str, os.stat_result]

    def has(self, path: str) -> bool:
        """Whether a path is the obstacle or below it."""
        return path == self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class CheckoutPlan:
    """The files of a version at a destination, what is in their way, and the paths to remove."""

    files: list[PlannedFile]
    obstacles: list[Obstacle]
    removals: list[str]

    @property
    def removed_files(self) -> int:
        """The number of files that go without another in their place."""
        return len(self.removals) + sum(len(obstacle.seen) for obstacle in self.obstacles)

    def changing(self) -> list[PlannedFile]:
        """The files that need a change."""
        return [file for file in self.files if file.action is not Action.KEEP]

    def written(self) -> list[int]:
        """The sorted numbers of the files whose content is written."""
        return sorted(f.number for f in self.files if f.action in (Action.CREATE, Action.REPLACE))
