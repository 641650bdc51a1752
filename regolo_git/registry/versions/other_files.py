"""Files in a directory that are not of the version that was checked out to it.

A checkout leaves them alone, so `status` calls the directory modified, and the next version would have them.
"""

from pathlib import Path

from regolo_git.artifacts.source.walk import look
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.manifest import Manifest
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle


def other_files(handle: Handle, manifest: Manifest, place: Path) -> tuple[str, ...]:
    """Their paths, sorted; none for a file, or if something there could not be stored at all."""
    if manifest.artifact.kind == "file":
        return ()
    recipe = None if manifest.files is not None else find_recipe_anywhere(handle, manifest.artifact.recipe)
    members = manifest.file_entries(recipe)
    try:
        found = look(place.absolute(), manifest.artifact.exclude, kept=members).files
    except (NotFound, InvalidInput):
        return ()
    return tuple(file.path for file in found if file.path not in members)
