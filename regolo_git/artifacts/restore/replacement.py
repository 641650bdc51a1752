"""Renaming staged files into place: all of them, or none.

Every path is checked again just before, so that a file that appeared since the plan is not lost.  What is in
the way of a file (`obstacles.py`) is moved into the staging directory.  A replaced file is hard-linked into
it, and restored if something fails; readers always see the old file or the new one.  A kill in between leaves
some files old and some new, each whole; repeating the checkout finishes it.
"""

import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.checkout_plan import Action, Obstacle, PlannedFile
from regolo_git.artifacts.restore.destination import Destination
from regolo_git.artifacts.restore.staging import Staging
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.errors import Conflict
from regolo_git.text.printable import printable


class Replacement:
    """A context manager; leaving it with an error rolls everything back."""

    def __init__(self, tree: ArtifactTree, staging: Staging, place: Destination) -> None:
        self._tree = tree
        self._staging = staging
        self._place = place
        self._undo: list[Callable[[], None]] = []
        self._aside = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for step in reversed(self._undo):
                with suppress(OSError):
                    step()

    def clear(self, obstacles: list[Obstacle]) -> None:
        """Moves what is in the way of the files into the staging directory.  Raises Conflict."""
        for obstacle in obstacles:
            name = self._next_aside()
            if not obstacle.is_directory:
                self._compare(obstacle.path, obstacle.seen[obstacle.path])
            self._tree.move_out(obstacle.path, self._staging.old, name)
            self._undo.append(partial(self._restore_obstacle, obstacle.path, name))
            if obstacle.is_directory:  # where no other program looks for it
                self._compare_directory(obstacle, name)

    def put(self, files: list[PlannedFile]) -> None:
        """Renames staged files to their paths durably.  Raises Conflict."""
        for file in files:
            self._compare(file.path, file.seen)
        if self._place.fresh:
            self._put_whole(files)
            return
        for file in files:
            self._put_one(file)
        self._sync({file.path for file in files})

    def remove(self, paths: list[str]) -> None:
        """Removes files, and the directories that this leaves empty."""
        for path in paths:
            name = self._next_aside()
            self._tree.move_out(path, self._staging.old, name)
            self._undo.append(partial(self._restore, path, name))
        for path in paths:
            at = path.rpartition("/")[0]
            while at not in ("", self._place.name) and self._tree.remove_empty(at):
                at = at.rpartition("/")[0]
        self._sync(set(paths))

    def _put_one(self, file: PlannedFile) -> None:
        if file.action is Action.CHMOD and file.seen:
            before = stat.S_IMODE(file.seen.st_mode)
            self._undo.append(partial(self._tree.set_mode, file.path, before))
            self._tree.set_mode(file.path, before ^ _executable(before))
            return
        if file.action is Action.REPLACE:
            name = self._next_aside()
            self._tree.keep_aside(file.path, self._staging.old, name)
            self._undo.append(partial(self._restore, file.path, name))
        else:
            self._undo.append(partial(self._remove, file.path))
        self._tree.move_in(file.path, self._staging.files, str(file.number))

    def _put_whole(self, files: list[PlannedFile]) -> None:
        """Builds a new directory in the staging directory and renames it into place."""
        opened = self._staging.make_tree()
        try:
            with ArtifactTree(self._place.path, opened) as tree:
                for file in files:
                    inner = file.path.removeprefix(f"{self._place.name}/")
                    tree.move_in(inner, self._staging.files, str(file.number))
                for path in [*sorted(tree.created, key=len, reverse=True), ""]:
                    tree.sync(path)
        finally:
            os.close(opened)
        parent, _, name = self._place.name.rpartition("/")
        descriptor = self._tree.directory(parent, create=True)
        if descriptor is None:
            raise FileNotFoundError(parent)
        self._staging.move_tree(descriptor, name)
        self._undo.append(partial(self._remove, self._place.name))
        self._sync({self._place.name})

    def _compare(self, path: str, seen: os.stat_result | None) -> None:
        """Raises Conflict if something else is at a path now."""
        status = self._tree.look(path)
        if (FileStamp.of(status) if status else None) != (FileStamp.of(seen) if seen else None):
            raise self._changed(path)

    def _compare_directory(self, obstacle: Obstacle, name: str) -> None:
        """Raises Conflict if a file in the directory was added, removed or written to."""
        with ArtifactTree(self._place.path, self._staging.old) as aside:
            now = aside.files_below(name)
        before = {name + path.removeprefix(obstacle.path): seen for path, seen in obstacle.seen.items()}
        if _stamps(now) != _stamps(before):
            raise self._changed(obstacle.path)

    def _changed(self, path: str) -> Conflict:
        name = printable(str(self._tree.root / path))
        return Conflict(f"'{name}' changed during the checkout; nothing was written", "try again")

    def _next_aside(self) -> str:
        self._aside += 1
        return str(self._aside)

    def _restore(self, path: str, name: str) -> None:
        self._tree.move_in(path, self._staging.old, name)

    def _restore_obstacle(self, path: str, name: str) -> None:
        """Moves an obstacle back, after the directories that were created in its place are removed."""
        for created in reversed(self._tree.created):
            if created == path or created.startswith(f"{path}/"):
                self._tree.remove_empty(created)
        self._restore(path, name)

    def _remove(self, path: str) -> None:
        name = self._next_aside()
        self._tree.move_out(path, self._staging.old, name)

    def _sync(self, paths: set[str]) -> None:
        """Makes the entries of these paths and of the created directories durable."""
        directories = {path.rpartition("/")[0] for path in paths | set(self._tree.created)}
        for directory in sorted(directories, key=len, reverse=True):
            self._tree.sync(directory)


def _stamps(files: Mapping[str, os.stat_result]) -> dict[str, FileStamp]:
    return {path: FileStamp.of(status) for path, status in files.items()}


def _executable(mode: int) -> int:
    """The bits to flip so that a file becomes executable for all its readers, or for nobody."""
    return mode & 0o111 if mode & stat.S_IXUSR else (mode & 0o444) >> 2 & ~mode
