"""Cuts files into chunks: reads an artifact's stream once, while other threads hash and store it.

The caller's thread reads, finds the items (`layouts/`), cuts them (`cuts.py`) and computes the digests of
small items and of tensors longer than a chunk.  `chunk_writer.py` takes the chunks on the threads of the
pool: one computes the files' digests in order, the others hash and store chunks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from blake3 import blake3

from regolo_git.artifacts.ingest.chunk_writer import ChunkWriter, Piece, StoredChunk
from regolo_git.artifacts.ingest.cuts import EDGE_FILE, LARGE, STEP, Group, content_pieces, steps
from regolo_git.artifacts.progress import OnProgress, Progress
from regolo_git.artifacts.source.snapshot import RawFile, SourceFile, fill
from regolo_git.artifacts.thread_pool import Task, ThreadPool
from regolo_git.layouts.completeness import buffered
from regolo_git.layouts.items import Item, TensorInfo
from regolo_git.layouts.layout import HEAD, may_have_layout, read_layout
from regolo_git.records.digests import Algorithm, Digest, Hasher, new_hasher
from regolo_git.records.recipe import RecipeChunk, RecipeFile, RecipeTensor
from regolo_git.store.store import Store

Layouts = Mapping[str, tuple[Item, ...] | None]


class Fragment(NamedTuple):
    """A file that is already in the store: its chunks, and its tensors with offsets in the file."""

    digest: Digest
    chunks: tuple[RecipeChunk, ...]
    tensors: tuple[RecipeTensor, ...]


class CutArtifact(NamedTuple):
    """The parts of a recipe, and the number of bytes that are new to the store."""

    files: tuple[RecipeFile, ...]
    tensors: tuple[RecipeTensor, ...]
    chunks: tuple[RecipeChunk, ...]
    new_bytes: int


class _Tensor(NamedTuple):
    """A tensor that was read; its digest may be the number of the chunk that is exactly this tensor."""

    info: TensorInfo
    offset: int
    size: int
    digest: str | int


@dataclass(slots=True)
class _Open:
    """The current group of small items: its buffer and the pieces of its files."""

    group: Group = field(default_factory=Group)
    buffer: memoryview | None = None
    pieces: list[Piece] = field(default_factory=list)


class Cutting:
    """Cuts the files of one artifact of `size` bytes in order; `finish` returns the result."""

    def __init__(
        self, store: Store, pool: ThreadPool, algorithm: Algorithm, size: int, on_progress: OnProgress
    ) -> None:
        self._chunks = ChunkWriter(store, pool)
        self._pool = pool
        self._algorithm = algorithm
        self._size = size
        self._on_progress = on_progress
        self._offset = 0
        self._open = _Open()
        self._tensors: list[_Tensor | RecipeTensor] = []
        self._files: list[tuple[SourceFile, Hasher | Digest]] = []

    def reuse(self, file: SourceFile, fragment: Fragment) -> None:
        """Reuses a file's stored chunks; only for a file of at least `EDGE_FILE`, which shares none."""
        self._end_group()
        self._chunks.reuse(fragment.chunks)
        self._tensors += (
            RecipeTensor(t.name, t.dtype, t.shape, self._offset + t.offset, t.size, t.blake3)
            for t in fragment.tensors
        )
        self._files.append((file, fragment.digest))
        self._advance(file.size)
        self._report()

    def read(self, file: SourceFile, layouts: Layouts) -> None:
        """Reads, cuts and stores a file, with its layout if that is known.

        Raises Conflict if it changes meanwhile.
        """
        hasher = new_hasher(self._algorithm)
        if file.size < LARGE:
            self._load(file, hasher, layouts)
        else:
            self._read(file, hasher, layouts)
        self._files.append((file, hasher))

    def finish(self) -> CutArtifact:
        """Waits for all pending tasks.  Raises the error of a failed one."""
        self._end_group()
        chunks, new_bytes = self._chunks.finish()
        return CutArtifact(
            tuple(_recipe_file(file, digest, self._algorithm) for file, digest in self._files),
            tuple(_recipe_tensor(tensor, chunks) for tensor in self._tensors),
            chunks,
            new_bytes,
        )

    # -- small files --------------------------------------------------------------------------------------

    def _load(self, file: SourceFile, hasher: Hasher, layouts: Layouts) -> None:
        """Reads a whole file behind the current group, and lets its items join the group where they are."""
        rest = self._behind_group(file.size)
        file.load(rest)
        items = layouts[file.path] if file.path in layouts else _layout_of(rest)
        for item in items or (Item(file.size),):
            if not self._open.group.admits(item.size):
                self._end_group()
                rest = self._moved(rest)
            digest = self._join(rest[: item.size], hasher)
            self._note(item, digest)
            rest = self._moved(rest[item.size :])

    def _behind_group(self, size: int) -> memoryview:
        """Room for so many bytes behind the current group, which may end before it takes them all."""
        if self._open.buffer is None:
            self._open.buffer = self._pool.buffer()
        start = self._open.group.size
        return self._open.buffer[start : start + size]

    def _moved(self, rest: memoryview) -> memoryview:
        """The same bytes behind the current group, if the one that they were behind has ended."""
        if self._open.buffer is not None or not rest:
            return rest
        view = self._behind_group(len(rest))
        view[:] = rest
        return view

    # -- large files --------------------------------------------------------------------------------------

    def _read(self, file: SourceFile, hasher: Hasher, layouts: Layouts) -> None:
        with file.opened() as opened:
            reader = _Reader(file, opened, hasher)
            items = layouts[file.path] if file.path in layouts else _layout(opened, file.size)
            opened.seek(0)
            if file.size >= EDGE_FILE:
                self._end_group()
            if items is None:
                self._read_content(reader, file.size)
            else:
                for item in items:
                    self._read_item(reader, item)
            reader.end()
            if file.size >= EDGE_FILE:
                self._end_group()

    # -- items --------------------------------------------------------------------------------------------

    def _read_item(self, reader: "_Reader", item: Item) -> None:
        if item.size >= LARGE:
            digest = self._read_large(reader, item)
        else:
            digest = self._read_small(reader, item.size)
        self._note(item, digest)

    def _note(self, item: Item, digest: str | int) -> None:
        """Lists an item that was just read, if it is a tensor."""
        if item.tensor:
            self._tensors.append(_Tensor(item.tensor, self._offset - item.size, item.size, digest))

    def _read_large(self, reader: "_Reader", item: Item) -> str | int:
        """Reads an item with chunks of its own, and returns its digest or its only chunk's number."""
        self._end_group()
        whole = blake3() if item.tensor and item.size > STEP else None
        for size in steps(item.size):
            buffer = self._pool.buffer()
            reader.fill(buffer[:size])
            self._pool.release(buffer, *self._chunks.write(buffer[:size], [Piece(reader.hasher, 0, size)]))
            if whole:
                whole.update(buffer[:size])
            self._advance(size)
            self._report()
        return whole.hexdigest() if whole else len(self._chunks) - 1

    def _read_small(self, reader: "_Reader", size: int) -> str:
        """Reads an item into the group, and returns its digest."""
        view = self._room_for(size)
        reader.fill(view)
        return self._join(view, reader.hasher)

    def _room_for(self, size: int) -> memoryview:
        if not self._open.group.admits(size):
            self._end_group()
        return self._behind_group(size)

    def _join(self, view: memoryview, hasher: Hasher) -> str:
        """Adds the bytes just read into the group's buffer to the group."""
        digest = blake3(view).digest()
        start = self._open.group.size
        pieces = self._open.pieces
        if pieces and pieces[-1].hasher is hasher:
            pieces[-1].stop += len(view)
        elif len(view):
            pieces.append(Piece(hasher, start, start + len(view)))
        ends = self._open.group.join(len(view), digest)
        self._advance(len(view))
        if ends:
            self._end_group()
        return digest.hex()

    def _end_group(self) -> None:
        buffer, pieces = self._open.buffer, self._open.pieces
        size = self._open.group.end()
        if buffer is None:
            return
        tasks = self._chunks.write(buffer[:size], pieces) if size else ()
        self._pool.release(buffer, *tasks)
        self._open.buffer, self._open.pieces = None, []
        self._report()

    # -- plain content ------------------------------------------------------------------------------------

    def _read_content(self, reader: "_Reader", size: int) -> None:
        """Reads and cuts plain content in windows; bytes after the last final cut move to the next one."""
        self._end_group()  # the first piece is large
        buffer, carried, left = self._pool.buffer(), 0, size
        while carried or left:
            filled = min(STEP, carried + left)
            reader.fill(buffer[carried:filled])
            left -= filled - carried
            at = 0
            tasks: list[Task[None] | Task[StoredChunk]] = []
            for piece in content_pieces(buffer[:filled], last=not left):
                view = buffer[at : at + piece]
                if piece >= LARGE:
                    tasks += self._chunks.write(view, [Piece(reader.hasher, 0, piece)])
                    self._advance(piece)
                else:  # the last one
                    self._room_for(piece)[:] = view
                    self._join(self._room_for(piece), reader.hasher)
                at += piece
            carried = filled - at
            following = self._pool.buffer()
            following[:carried] = buffer[at:filled]
            self._pool.release(buffer, *tasks)
            self._report()
            buffer = following
        self._pool.release(buffer)

    def _advance(self, size: int) -> None:
        self._offset += size

    def _report(self) -> None:
        self._on_progress(Progress(self._offset, self._size, self._chunks.found()))


class _Reader:
    """A file being read sequentially, and its digest so far."""

    def __init__(self, file: SourceFile, opened: RawFile, hasher: Hasher) -> None:
        self._file = file
        self._opened = opened
        self.hasher = hasher

    def fill(self, view: memoryview) -> None:
        """Fills the view with the next bytes.  Raises Conflict or InvalidInput if the file ends early."""
        if fill(self._opened, view) < len(view):
            raise self._file.other_size(self._opened)

    def end(self) -> None:
        """Raises Conflict or InvalidInput if the file goes on."""
        if self._file.stamp is not None and self._opened.readinto(bytearray(1)):
            raise self._file.other_size(self._opened)


def _layout(opened: RawFile, size: int) -> tuple[Item, ...] | None:
    with buffered(opened) as reader:
        return read_layout(reader, size)


def _layout_of(view: memoryview) -> tuple[Item, ...] | None:
    """The layout of a file in memory."""
    return read_layout(BytesIO(view), len(view)) if may_have_layout(bytes(view[:HEAD])) else None


def _recipe_file(file: SourceFile, digest: Hasher | Digest, algorithm: Algorithm) -> RecipeFile:
    known = digest if isinstance(digest, Digest) else Digest(algorithm, digest.hexdigest())
    return RecipeFile(file.path, file.mode, file.size, known)


def _recipe_tensor(tensor: _Tensor | RecipeTensor, chunks: tuple[RecipeChunk, ...]) -> RecipeTensor:
    if isinstance(tensor, RecipeTensor):
        return tensor
    digest = chunks[tensor.digest].blake3 if isinstance(tensor.digest, int) else tensor.digest
    info = tensor.info
    return RecipeTensor(info.name, info.dtype, info.shape, tensor.offset, tensor.size, digest)
