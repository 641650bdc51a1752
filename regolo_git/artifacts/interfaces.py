"""Inputs and outputs of files that describe themselves, in two versions, from headers of bounded size.

Such a file is ONNX, GGUF, or a scikit-learn model of skops.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from regolo_git.artifacts.bounded_chunks import BoundedChunks
from regolo_git.artifacts.stored_file import Chunks, StoredFile
from regolo_git.errors import RegoloError
from regolo_git.layouts.gguf_interface import gguf_interface
from regolo_git.layouts.interface import FileInterface
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.layout import may_describe_itself
from regolo_git.layouts.onnx_interface import onnx_interface
from regolo_git.layouts.skops_interface import skops_interface
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.text.json_values import Plain

READERS: Mapping[str, Callable[[BinaryIO, int], FileInterface]] = {
    ".gguf": gguf_interface,
    ".onnx": onnx_interface,
    ".skops": skops_interface,
}
FILES_READ = 8
# A large file has its inputs behind its weights, and a chunk is read whole to be verified.
BYTES_READ = 1 << 26


@dataclass(frozen=True, slots=True)
class InterfaceChange:
    """An input or output of a file that differs, or the class of what answers; None is a missing one."""

    file: str
    what: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class InterfaceReview:
    """The changed inputs and outputs, and the names of files that could not be read.

    `described` are the paths, in the recipe, of changed files that were read: their inputs and outputs say
    whether they break callers, and the shapes of their arrays do not.
    """

    changes: tuple[InterfaceChange, ...] = ()
    unread: tuple[str, ...] = ()
    described: frozenset[str] = frozenset()

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


class DescribedFile(NamedTuple):
    """A file and its interface."""

    name: str
    interface: FileInterface

    def to_list(self) -> list[Plain]:
        """The class of what answers, the inputs and the outputs as plain values."""
        return [
            {"file": self.name, "kind": what, "name": name, "type": form}
            for what, values in _sides(self.interface)
            for name, form in values.items()
        ]


def described_files(chunks: Chunks, manifest: Manifest, recipe: Recipe) -> list[DescribedFile]:
    """The files of a version that describe themselves, as far as they can be read."""
    files = list(_files(manifest, recipe).values())[:FILES_READ]
    read = ((file.name, _interface(chunks, recipe, file)) for file in files)
    return [DescribedFile(name, interface) for name, interface in read if interface is not None]


def has_interfaces(*manifests: Manifest) -> bool:
    """Whether a file may describe itself by its name; a directory with very many files may have one."""
    return any(
        manifest.artifact.file_count is not None or any(map(may_describe_itself, manifest.file_entries(None)))
        for manifest in manifests
    )


def review_interfaces(
    chunks: Chunks, before: tuple[Manifest, Recipe] | None, after: tuple[Manifest, Recipe]
) -> InterfaceReview:
    """The inputs and outputs that differ between two versions; those of a new file count."""
    old = _files(*before) if before is not None else {}
    changes: list[InterfaceChange] = []
    unread: list[str] = []
    described: set[str] = set()
    differing = [
        (path, file)
        for path, file in _files(*after).items()
        if path not in old or old[path].digest != file.digest
    ]
    for path, file in differing[:FILES_READ]:
        new = _interface(chunks, after[1], file)
        was = _interface(chunks, before[1], old[path]) if before is not None and path in old else None
        if new is None or (path in old and was is None):
            unread.append(file.name)
        elif was is not None:
            described.add(path)
            changes += _differences(file.name, was, new)
    unread += [file.name for _, file in differing[FILES_READ:]]
    return InterfaceReview(tuple(changes), tuple(unread), frozenset(described))


class _File(NamedTuple):
    """A file that may describe itself, with its number in the recipe."""

    name: str
    number: int
    digest: str


def _files(manifest: Manifest, recipe: Recipe) -> dict[str, _File]:
    """These files by their paths in the recipe; that of a single file is empty, whatever its name."""
    files = (
        (file.path, _File(file.path or manifest.file_name, number, str(file.digest)))
        for number, file in enumerate(recipe.files)
    )
    return {path: file for path, file in files if may_describe_itself(file.name)}


def _interface(chunks: Chunks, recipe: Recipe, file: _File) -> FileInterface | None:
    """The interface of a file; None if it cannot be read, or not without reading much."""
    stored = StoredFile(BoundedChunks(chunks, BYTES_READ), recipe, file.number)
    try:
        return READERS[posixpath.splitext(file.name)[1].lower()](stored.buffered(), stored.size)
    except (Malformed, RegoloError, EOFError):
        return None


def _sides(interface: FileInterface) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "class", {"model": interface.answers} if interface.answers is not None else {}
    yield "input", interface.inputs
    yield "output", interface.outputs


def _differences(name: str, before: FileInterface, after: FileInterface) -> Iterator[InterfaceChange]:
    for (what, old), (_, new) in zip(_sides(before), _sides(after), strict=True):
        for each in sorted(old.keys() | new.keys()):
            if old.get(each) != new.get(each):
                yield InterfaceChange(name, what, each, old.get(each), new.get(each))
