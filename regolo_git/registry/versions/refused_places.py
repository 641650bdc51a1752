"""Places where a checkout writes nothing: the repository's own directory, and where records are."""

from pathlib import Path

from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_artifact_path
from regolo_git.records.places import check_members, check_place, may_hold_records
from regolo_git.registry.handle import Handle
from regolo_git.text.printable import printable


def refuse_inside_git(handle: Handle, path: Path) -> None:
    """Protects the hooks that git runs; a bare repository's directory may have any name."""
    resolved = path.resolve()
    for directory in (handle.paths.git_dir, handle.paths.common_dir):
        if resolved.is_relative_to(directory.resolve()):
            raise InvalidInput(
                f"'{printable(str(path))}' is inside the repository's own directory '{directory}'",
                "choose another destination",
            )


def refuse_reserved(handle: Handle, manifest: Manifest, path: Path) -> None:
    """Protects the registry's records and what git reads in the work tree, whatever the destination."""
    place = refuse_reserved_place(handle, path)
    if place is None or manifest.artifact.kind != "directory":
        return
    if place == "." or may_hold_records(place):
        recipe = read_checked_recipe(handle.stores, manifest.artifact)
        check_members("" if place == "." else place, (file.path for file in recipe.files))


def refuse_reserved_place(handle: Handle, path: Path) -> str | None:
    """The same for a path and not for what is below it; returns its place in the work tree, if any."""
    top = handle.paths.work_tree
    resolved = path.parent.resolve() / path.name
    if top is None or not resolved.is_relative_to(top.resolve()):
        return None
    place = resolved.relative_to(top.resolve()).as_posix()
    if place != ".":
        check_place(check_artifact_path(place))
    return place
