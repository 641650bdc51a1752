"""A file where a version has a directory, or a directory where it has a file.

It is moved away if nothing would be lost: if all of it is unedited content of a version.  With `--force` it
is moved away with its edits, but never a link, a device, a pipe, a socket or another repository.
"""

import os
import stat
from collections.abc import Collection
from typing import NamedTuple

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree, Blocked
from regolo_git.artifacts.restore.checkout_plan import Obstacle
from regolo_git.artifacts.restore.destination import GIT_DIRECTORY
from regolo_git.artifacts.restore.version_content import VersionContent
from regolo_git.artifacts.source.walk import is_special, kind_name
from regolo_git.errors import Conflict
from regolo_git.records.digests import Digest
from regolo_git.text.printable import printable


class Above(NamedTuple):
    """The digests of files that may be moved away where the destination needs a directory."""

    digests: Collection[Digest]
    anything: bool


class Obstacles:
    """Collects what is in the way of a version's files, or refuses to move it."""

    def __init__(
        self, tree: ArtifactTree, top: str, content: VersionContent, above: Above, *, force: bool
    ) -> None:
        self._tree = tree
        self._top = top
        self._content = content
        self._above = above
        self._force = force
        self._found: dict[str, Obstacle] = {}

    @property
    def found(self) -> list[Obstacle]:
        """The obstacles so far."""
        return list(self._found.values())

    def add_file(self, blocked: Blocked) -> None:
        """Adds the file that blocks a path.  Raises Conflict if it must stay."""
        path, status = blocked.path, blocked.status
        if path in self._found:
            return
        inside = path == self._top or path.startswith(f"{self._top}/")
        if stat.S_ISLNK(status.st_mode) or not (inside or self._above.anything or self._above.digests):
            raise blocked
        refuse_special(self._tree, path, status.st_mode)
        if not (self._is_own(path, status) if inside else self._is_above(path)):
            raise Conflict(
                f"'{self._shown(path)}' is not a directory, and its content matches no version",
                "move it away, or replace it with --force",
            )
        self._found[path] = Obstacle(path, is_directory=False, seen={path: status})

    def add_directory(self, path: str) -> None:
        """Adds the directory at the path of a file.  Raises Conflict if it must stay."""
        files = self._tree.files_below(path)
        for below, status in files.items():
            if GIT_DIRECTORY in below.lower().split("/"):
                raise Conflict(
                    f"'{self._shown(path)}' is a directory that contains a Git repository",
                    "move it away, or choose another destination",
                )
            refuse_special(self._tree, below, status.st_mode)
        lost = "" if files else path
        if not self._force:
            lost = next((below for below in files if not self._is_version(below, files[below])), lost)
        if lost and not self._force:
            what = f"'{self._shown(lost)}' matches no version" if files else "no version's file is in it"
            raise Conflict(
                f"'{self._shown(path)}' is a directory, not a file, and {what}",
                "move it away, or replace it with --force",
            )
        self._found[path] = Obstacle(path, is_directory=True, seen=files)

    def _is_own(self, path: str, status: os.stat_result) -> bool:
        return self._force or self._content.is_version(self._member(path), path, status)

    def _is_above(self, path: str) -> bool:
        """Whether a file above the destination may be moved away; it is read."""
        if self._above.anything:
            return True
        algorithms = {digest.algorithm for digest in self._above.digests}
        return any(self._content.digest(path, algorithm) in self._above.digests for algorithm in algorithms)

    def _is_version(self, path: str, status: os.stat_result) -> bool:
        ordinary = stat.S_ISREG(status.st_mode)
        return ordinary and self._content.is_version(self._member(path), path, status)

    def _member(self, path: str) -> str:
        return path[len(self._top) + 1 :]

    def _shown(self, path: str) -> str:
        return printable(str(self._tree.root / path))


def refuse_special(tree: ArtifactTree, path: str, mode: int) -> None:
    """Raises Conflict for a device, a pipe or a socket: none is ever replaced."""
    if is_special(mode):
        raise Conflict(
            f"'{printable(str(tree.root / path))}' is {kind_name(mode)}, which is never replaced",
            "choose another destination, or `-` to write one file to standard output",
        )
