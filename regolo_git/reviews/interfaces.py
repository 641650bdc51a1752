"""Inputs and outputs of ONNX files that a version changes, from headers of bounded size."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regolo_git.artifacts.bounded_chunks import BoundedChunks
from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.errors import RegoloError
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.onnx_interface import OnnxInterface, onnx_interface
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.registry.handle import Handle
from regolo_git.text.json_values import Plain

SUFFIX = ".onnx"
FILES_READ = 8
# A large file has its inputs behind its weights, and a chunk is read whole to be verified.
BYTES_READ = 1 << 26


@dataclass(frozen=True, slots=True)
class InterfaceChange:
    """An input or output of a file that differs; None is one that is not there."""

    file: str
    what: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class InterfaceReview:
    """The changed inputs and outputs, and the files that could not be read."""

    changes: tuple[InterfaceChange, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether callers may break: an input or output is gone or differs, or another input is needed."""
        return any(change.before is not None or change.what == "input" for change in self.changes)

    def to_list(self) -> list[Plain]:
        """The changes as plain values, under the names that JSON has."""
        return [
            {"file": each.file, "kind": each.what, "name": each.name, "a": each.before, "b": each.after}
            for each in self.changes
        ]


def has_onnx(*manifests: Manifest) -> bool:
    """Whether a file of a manifest is named as ONNX; a directory with very many files may have one."""
    return any(
        manifest.artifact.file_count is not None or any(map(_is_onnx, manifest.file_entries(None)))
        for manifest in manifests
    )


def review_interfaces(
    handle: Handle, before: tuple[Manifest, Recipe] | None, after: tuple[Manifest, Recipe]
) -> InterfaceReview:
    """The inputs and outputs of the ONNX files that differ between two versions; those of a new one count."""
    old = _files(*before) if before is not None else {}
    changes: list[InterfaceChange] = []
    unread: list[str] = []
    differing = [
        path for path, (number, digest) in _files(*after).items() if old.get(path, (0, ""))[1] != digest
    ]
    for path in differing[:FILES_READ]:
        new = _interface(handle, after[1], _files(*after)[path][0])
        was = _interface(handle, before[1], old[path][0]) if before is not None and path in old else None
        if new is None or (path in old and was is None):
            unread.append(path)
        elif was is not None:
            changes += _differences(path, was, new)
    return InterfaceReview(tuple(changes), (*unread, *differing[FILES_READ:]))


def _files(manifest: Manifest, recipe: Recipe) -> dict[str, tuple[int, str]]:
    """The ONNX files by path, each with its number in the recipe and its digest."""
    named = (
        (number, file.path or manifest.file_name, str(file.digest))
        for number, file in enumerate(recipe.files)
    )
    return {path: (number, digest) for number, path, digest in named if _is_onnx(path)}


def _is_onnx(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() == SUFFIX


def _interface(handle: Handle, recipe: Recipe, number: int) -> OnnxInterface | None:
    """The interface of a file; None if it cannot be read, or not without reading much."""
    file = StoredFile(BoundedChunks(handle.stores, BYTES_READ), recipe, number)
    try:
        return onnx_interface(file.buffered(), file.size)
    except (Malformed, RegoloError, EOFError):
        return None


def _differences(path: str, before: OnnxInterface, after: OnnxInterface) -> Iterator[InterfaceChange]:
    sides = (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs))
    for what, old, new in sides:
        yield from _of_kind(path, what, old, new)


def _of_kind(
    path: str, what: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[InterfaceChange]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield InterfaceChange(path, what, name, old.get(name), new.get(name))
