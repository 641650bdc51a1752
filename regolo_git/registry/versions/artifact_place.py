"""An artifact's path in the work tree, and the ignore entry that keeps it out of Git."""

import os
from pathlib import Path

from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.artifacts.source.walk import status_of
from regolo_git.errors import InvalidInput
from regolo_git.git import ignore
from regolo_git.records.names import check_artifact_path
from regolo_git.records.places import check_place
from regolo_git.registry.handle import Handle


def artifact_place(handle: Handle, source: ArtifactSource) -> str | None:
    """The path to record: relative to the work tree's top; None for in-memory data and for paths outside.

    Raises NotFound if nothing is there, InvalidInput for the top itself, a place of git or of records, or a
    path that is not portable.
    """
    top = handle.paths.work_tree
    if top is None or not isinstance(source, str | os.PathLike):
        return None
    status_of(Path(source))  # a missing path is reported before any other problem
    # Only the parents are resolved: a link to a file keeps its own name.
    given = Path(source).absolute()
    place = given.parent.resolve() / given.name
    if place == top.resolve():
        raise InvalidInput(
            "the whole work tree cannot be an artifact", "name the file or directory of the model"
        )
    if not place.is_relative_to(top.resolve()):
        return None
    return check_place(check_artifact_path(place.relative_to(top.resolve()).as_posix()))


def ensure_ignored(handle: Handle, place: str | None, branch: str) -> ignore.Ignored | None:
    """The ignore entry that keeps the artifact out of Git; None if it is not in a work tree."""
    if place is None or handle.paths.work_tree is None:
        return None
    return ignore.ensure_ignored(handle.git, place, branch)
