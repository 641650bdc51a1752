"""Checking out single tensors of a version, as a safetensors file of their own."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.restore.tensors import TensorsFile, matching_tensors, write_tensors
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import InvalidInput
from regolo_git.git.temporaries import exclude_temporaries
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import Reference
from regolo_git.registry.fetching import fetch_recipe, fetching
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.checkout import (
    DIRECTORY_ENDS,
    CheckedOut,
    check_patterns,
)
from regolo_git.registry.versions.refused_places import refuse_inside_git, refuse_reserved_place
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


def checkout_tensors(
    handle: Handle,
    reference: Reference,
    names: Sequence[str],
    destination: str | os.PathLike[str] | None,
    *,
    patterns: Sequence[str] = (),
    force: bool = False,
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> CheckedOut:
    """Writes the tensors of some names or globs to a safetensors file at `destination`.

    In a directory the file has the model's name.  Raises NotFound, InvalidInput for a name that several files
    have (unless `patterns` select one) and for a type that safetensors cannot hold, Conflict if a file is
    there (unless `force`), IntegrityError.
    """
    manifest = read_tagged_manifest(handle, find_row(handle, reference))
    file = _file_of(handle, manifest, names, patterns, on_fetch)
    if destination is None:
        raise InvalidInput(
            "--tensor requires a destination",
            Hint("checkout", manifest.reference, "DEST", "--tensor", names[0]),
        )
    path = Path(destination)
    if path.is_dir() or os.fspath(destination).endswith(DIRECTORY_ENDS):
        path /= f"{manifest.model.rpartition('/')[2]}.safetensors"
    refuse_inside_git(handle, path)
    refuse_reserved_place(handle, path)
    exclude_temporaries(handle.paths)
    written = write_tensors(file, path, notes=handle.checkout_notes, force=force, on_progress=on_progress)
    return CheckedOut(manifest.model, manifest.version, written, manifest.artifact.size, file.size)


def stream_tensors(
    handle: Handle,
    reference: Reference,
    names: Sequence[str],
    deliver: Callable[[memoryview], object],
    *,
    patterns: Sequence[str] = (),
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> tuple[Manifest, int]:
    """Passes that safetensors file to `deliver`, in order; returns the manifest and the number of bytes.

    Raises the errors of `checkout_tensors`.
    """
    manifest = read_tagged_manifest(handle, find_row(handle, reference))
    file = _file_of(handle, manifest, names, patterns, on_fetch)
    file.write_to(deliver, on_progress)
    return manifest, file.size


def _file_of(
    handle: Handle,
    manifest: Manifest,
    names: Sequence[str],
    patterns: Sequence[str],
    on_fetch: OnProgress,
) -> TensorsFile:
    check_patterns(manifest, patterns)
    fetch_recipe(handle, manifest)
    recipe = read_checked_recipe(handle.stores, manifest.artifact)
    file = TensorsFile(handle.stores, recipe, matching_tensors(recipe, names, patterns))
    fetching(handle, on_fetch)(recipe, file.chunks())
    return file
