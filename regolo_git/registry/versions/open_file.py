"""A file of a version, read at any position without checking it out."""

import io

from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.tag_index import TagRow
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.registry.fetching import fetch_recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.printable import printable


def open_file(handle: Handle, reference: Reference, path: str | None) -> io.BufferedReader:
    """The file at a path in a directory, or (None) the single file that a version is.

    Raises NotFound, InvalidInput if a path is required or must not be given.
    """
    manifest, recipe = read_content(handle, find_row(handle, reference))
    if recipe.kind == "directory" and not path:
        raise InvalidInput(f"'{manifest.reference}' is a directory", "pass the path of one of its files")
    if recipe.kind == "file" and path is not None:
        raise InvalidInput(f"'{manifest.reference}' is a single file, which has no path")
    paths = [file.path for file in recipe.files]
    if (path or "") not in paths:
        raise NotFound(f"'{manifest.reference}' has no file '{printable(path or '')}'")
    return StoredFile(handle.stores, recipe, paths.index(path or "")).buffered()


def read_content(handle: Handle, row: TagRow) -> tuple[Manifest, Recipe]:
    """What a version consists of; none of its chunks are read.

    Raises NotFound if no store has its recipe, IntegrityError, TransportError.
    """
    manifest = read_tagged_manifest(handle, row)
    fetch_recipe(handle, manifest)
    handle.cache.use(manifest.artifact.recipe)
    return manifest, read_checked_recipe(handle.stores, manifest.artifact)
