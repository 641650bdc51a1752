"""What a checkout will do: an action for each file, and the files that it removes."""

import os
from dataclasses import dataclass
from enum import Enum

from regolo_git.artifacts.source.file_stamp import FileStamp


class Action(Enum):
    """What a checkout does at a path."""

    CREATE = "there is nothing yet"
    REPLACE = "there is another version's content, or the caller insists"
    CHMOD = "the right content is there, but not executable, or executable when it should not be"
    KEEP = "the right content is there already"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the recipe by its number, its path below the tree's root, and what was seen there."""

    number: int
    path: str
    action: Action
    seen: os.stat_result | None

    @property
    def stamp(self) -> FileStamp | None:
        """What was seen there, as a stamp."""
        return FileStamp.of(self.seen) if self.seen else None


@dataclass(frozen=True, slots=True)
class CheckoutPlan:
    """The files of a version at a destination, and the paths of others that are removed."""

    files: list[PlannedFile]
    removals: list[str]

    def changing(self) -> list[PlannedFile]:
        """The files that are not right yet."""
        return [file for file in self.files if file.action is not Action.KEEP]

    def written(self) -> list[int]:
        """The numbers of the files whose content is written, in order."""
        return sorted(f.number for f in self.files if f.action in (Action.CREATE, Action.REPLACE))
