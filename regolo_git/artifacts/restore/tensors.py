"""Tensors of an artifact as a safetensors file of their own: only the chunks that hold them are read."""

import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import accumulate
from math import prod
from pathlib import Path

from blake3 import blake3

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.checkout_plan import Action, PlannedFile
from regolo_git.artifacts.restore.destination import Destination, find_destination, translated_errors
from regolo_git.artifacts.restore.leftovers import noted
from regolo_git.artifacts.restore.materialize import matching_files
from regolo_git.artifacts.restore.replacement import Replacement
from regolo_git.artifacts.restore.staging import Staging, staging_name
from regolo_git.artifacts.safetensors_header import ORDER, Described, safetensors_header
from regolo_git.artifacts.spans import Spans
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.layouts.safetensors import BITS
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeTensor
from regolo_git.store.store import Store
from regolo_git.system_calls import new_memory
from regolo_git.text.nearest import nearest
from regolo_git.text.printable import printable

Write = Callable[[memoryview], object]
MODE = 0o644


def matching_tensors(recipe: Recipe, names: Sequence[str], patterns: Sequence[str]) -> list[RecipeTensor]:
    """The tensors of some names or globs, in the files that `patterns` select.

    Raises NotFound if a name matches none, InvalidInput for a name that several files have and for a type
    that safetensors cannot hold.
    """
    found: dict[str, RecipeTensor] = {}
    tensors = _in_files(recipe, patterns)
    for name in names:
        matching = [t for t in tensors if t.name == name] or [t for t in tensors if fnmatchcase(t.name, name)]
        if not matching:
            raise _no_tensor(name, tensors)
        for tensor in matching:
            _check_type(tensor)
            if found.setdefault(tensor.name, tensor) != tensor:
                raise InvalidInput(
                    f"several tensors are named '{printable(tensor.name)}'", "select a file with --path FILE"
                )
    return list(found.values())


class TensorsFile:
    """A safetensors file of some tensors, read from a store."""

    def __init__(self, store: Store, recipe: Recipe, tensors: Sequence[RecipeTensor]) -> None:
        described = [(Described(t.name, t.dtype, t.shape, t.size), t) for t in tensors]
        described.sort(key=lambda each: each[0].place)
        self._store = store
        self._spans = Spans(recipe)
        self._tensors = [tensor for _, tensor in described]
        self._header = safetensors_header([text for text, _ in described])
        self._held: tuple[str, memoryview] = ("", memoryview(b""))
        self.size = len(self._header) + sum(tensor.size for tensor in tensors)

    def chunks(self) -> list[RecipeChunk]:
        """The chunks that hold the tensors, each once."""
        spans = (span for tensor in self._tensors for span in self._spans.of(tensor.offset, tensor.size))
        return list(dict.fromkeys(span.chunk for span in spans))

    def write_to(self, write: Write, on_progress: OnProgress = ignore_progress) -> None:
        """Passes its bytes to `write` in order.  Raises NotFound, IntegrityError, TransportError."""
        progress = Progress(total=self.size)
        for part in self._parts():
            write(part)
            progress = progress.advanced(len(part))
            on_progress(progress)

    def _parts(self) -> Iterator[memoryview]:
        yield memoryview(self._header)
        for tensor in self._tensors:
            hasher = blake3()
            for span in self._spans.of(tensor.offset, tensor.size):
                part = self._chunk(span.chunk)[span.start : span.stop]
                hasher.update(part)
                yield part
            if hasher.hexdigest() != tensor.blake3:
                name = printable(tensor.name)
                raise IntegrityError(f"tensor '{name}' was rebuilt with the wrong hash", Hint("fsck"))

    def _chunk(self, chunk: RecipeChunk) -> memoryview:
        if self._held[0] != chunk.blake3:
            view = new_memory(chunk.size)
            self._store.read_chunk_into(chunk.blake3, view)
            self._held = (chunk.blake3, view)
        return self._held[1]


def write_tensors(
    file: TensorsFile,
    destination: Path,
    *,
    notes: Path | None = None,
    force: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Path:
    """Writes the file to `destination`, whole or not at all; returns the absolute path.

    `notes` is as for `materialize`.  Raises Conflict if something is there, unless it is a file
    and `force`, and the errors of `TensorsFile.write_to`.
    """
    place = find_destination(destination, None, "file")
    with translated_errors(place.path), ArtifactTree(place.root) as tree:
        planned = _planned(tree, place, force=force)
        base = tree.directory(place.staging_base, create=True)
        assert base is not None
        name = staging_name()
        with noted(notes, tree.root / place.staging_base / name), Staging(base, name) as staging:
            at = 0

            def write(part: memoryview) -> None:
                nonlocal at
                staging.write(planned.number, at, part)
                at += len(part)

            file.write_to(write, on_progress)
            staging.finish(planned.number, MODE)
            staging.make_durable(planned.number)
            with Replacement(tree, staging, place) as replacement:
                replacement.put([planned])
    return place.path


def _planned(tree: ArtifactTree, place: Destination, *, force: bool) -> PlannedFile:
    seen = tree.look(place.name)
    if seen is None:
        return PlannedFile(0, place.name, Action.CREATE, None)
    if not stat.S_ISREG(seen.st_mode):
        raise Conflict(f"'{printable(str(place.path))}' is not a file", "choose another destination")
    if not force:
        raise Conflict(f"'{printable(str(place.path))}' already exists", "overwrite it with --force")
    return PlannedFile(0, place.name, Action.REPLACE, seen)


def _in_files(recipe: Recipe, patterns: Sequence[str]) -> list[RecipeTensor]:
    if not patterns:
        return list(recipe.tensors)
    wanted = set(matching_files(recipe, patterns))
    ends = list(accumulate(file.size for file in recipe.files))
    # A header comes before a tensor, so where the tensor ends is in its file.
    return [t for t in recipe.tensors if bisect_left(ends, t.offset + t.size) in wanted]


def _no_tensor(name: str, tensors: Sequence[RecipeTensor]) -> NotFound:
    if not tensors:
        return NotFound("the version has no tensors that this release can read")
    near = nearest(name, [tensor.name for tensor in tensors])
    meant = f", did you mean '{printable(near)}'?" if near is not None else ""
    return NotFound(f"no tensor in the version matches '{printable(name)}'{meant}")


def _check_type(tensor: RecipeTensor) -> None:
    if tensor.dtype not in ORDER or prod(tensor.shape) * BITS[tensor.dtype] != tensor.size * 8:
        name, dtype = printable(tensor.name), printable(tensor.dtype)
        raise InvalidInput(
            f"tensor '{name}' has type '{dtype}', which safetensors cannot hold",
            "check out the file that has it, with --path",
        )
