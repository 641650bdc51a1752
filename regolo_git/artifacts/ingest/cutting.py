"""Cuts files into chunks: reads an artifact's stream once, while other threads hash and store it.

The caller's thread reads large files, finds the items (`layouts/`), cuts them (`cuts.py`) and computes the
digests of small items and of tensors longer than a chunk.  Small files are read by the threads of the pool
(`small_files.py`), some batches ahead of the cuts; small items join groups (`groups.py`).  `chunk_writer.py`
takes the chunks on the threads of the pool: one computes the digests of large files in order, the others
hash and store chunks.
"""

from collections import deque
from typing import NamedTuple

from blake3 import blake3

from regolo_git.artifacts.ingest.chunk_writer import ChunkWriter, Piece, StoredChunk, TakesChunks
from regolo_git.artifacts.ingest.cuts import EDGE_FILE, LARGE, STEP, content_pieces, steps
from regolo_git.artifacts.ingest.groups import Groups
from regolo_git.artifacts.ingest.small_files import Layouts, LoadedFile, load_files
from regolo_git.artifacts.progress import OnProgress, Progress
from regolo_git.artifacts.source.snapshot import RawFile, SourceFile, fill
from regolo_git.artifacts.thread_pool import Task, ThreadPool
from regolo_git.layouts.completeness import buffered
from regolo_git.layouts.items import Item, TensorInfo
from regolo_git.layouts.layout import read_layout
from regolo_git.records.digests import Algorithm, Digest, Hasher, new_hasher
from regolo_git.records.recipe import RecipeChunk, RecipeFile, RecipeTensor

# Small files are read in batches: a task for each would cost more than its work.
BATCH_FILES, BATCH_BYTES, BATCHES_AHEAD = 64, 1 << 20, 3


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


class Cutting:
    """Cuts the files of one artifact of `size` bytes in order; `finish` returns the result."""

    def __init__(
        self,
        store: TakesChunks,
        pool: ThreadPool,
        algorithm: Algorithm,
        size: int,
        layouts: Layouts,
        on_progress: OnProgress,
    ) -> None:
        """`layouts` are those that are known, by the paths of the files."""
        self._chunks = ChunkWriter(store, pool)
        self._groups = Groups(pool, self._chunks)
        self._pool = pool
        self._algorithm = algorithm
        self._size = size
        self._layouts = layouts
        self._on_progress = on_progress
        self._offset = 0
        self._batch: list[tuple[SourceFile, memoryview]] = []
        self._loading: deque[Task[list[LoadedFile]]] = deque()
        self._tensors: list[_Tensor | RecipeTensor] = []
        self._files: list[tuple[SourceFile, Hasher | Digest]] = []

    def reuse(self, file: SourceFile, fragment: Fragment) -> None:
        """Reuses a file's stored chunks; only for a file of at least `EDGE_FILE`, which shares none."""
        self._catch_up()
        self._end_group()
        self._chunks.reuse(fragment.chunks)
        self._tensors += (
            RecipeTensor(t.name, t.dtype, t.shape, self._offset + t.offset, t.size, t.blake3)
            for t in fragment.tensors
        )
        self._files.append((file, fragment.digest))
        self._advance(file.size)
        self._report()

    def read(self, file: SourceFile) -> None:
        """Reads, cuts and stores a file.

        Raises Conflict if it, or a small file before it, changes meanwhile.
        """
        if file.size < LARGE:
            self._read_ahead(file)
        else:
            self._catch_up()
            self._read(file)

    def finish(self) -> CutArtifact:
        """Waits for all pending tasks.  Raises the error of a failed one."""
        self._catch_up()
        self._end_group()
        self._groups.release()
        chunks, new_bytes = self._chunks.finish()
        return CutArtifact(
            tuple(_recipe_file(file, digest, self._algorithm) for file, digest in self._files),
            tuple(_recipe_tensor(tensor, chunks) for tensor in self._tensors),
            chunks,
            new_bytes,
        )

    # -- small files --------------------------------------------------------------------------------------

    def _read_ahead(self, file: SourceFile) -> None:
        """Has a file read by another thread, together with some of its neighbours."""
        if not self._groups.has_room(file.size):
            self._catch_up()
        self._batch.append((file, self._groups.room(file.size)))
        if len(self._batch) >= BATCH_FILES or sum(len(view) for _, view in self._batch) >= BATCH_BYTES:
            self._load_batch()
            self._join_loaded(BATCHES_AHEAD)

    def _catch_up(self) -> None:
        """Waits for the files that are being read, and adds them to the groups."""
        self._load_batch()
        self._join_loaded(0)

    def _load_batch(self) -> None:
        if self._batch:
            self._loading.append(self._pool.submit(load_files, self._batch, self._algorithm, self._layouts))
            self._batch = []

    def _join_loaded(self, ahead: int) -> None:
        """Adds the files of the oldest batches to the groups, all but those of so many."""
        while len(self._loading) > ahead:
            for file, digest, items in self._loading.popleft().result():
                for item, blake3_of_item in items:
                    if not self._groups.admits(item.size):
                        self._end_group()
                    self._join(item.size, blake3_of_item)
                    self._note(item, blake3_of_item.hex())
                self._files.append((file, digest))

    # -- large files --------------------------------------------------------------------------------------

    def _read(self, file: SourceFile) -> None:
        hasher = new_hasher(self._algorithm)
        with file.opened() as opened:
            reader = _Reader(file, opened, hasher)
            known = file.path in self._layouts
            items = self._layouts[file.path] if known else _layout(opened, file.size)
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
        self._files.append((file, hasher))

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
        view = self._room_in_group(size)
        reader.fill(view)
        return self._join_piece(view, reader.hasher)

    def _room_in_group(self, size: int) -> memoryview:
        if not self._groups.admits(size):
            self._end_group()
        return self._groups.room(size)

    def _join_piece(self, view: memoryview, hasher: Hasher) -> str:
        """Adds the bytes just read into the buffer to the group, and returns their digest."""
        digest = blake3(view).digest()
        self._join(len(view), digest, hasher)
        return digest.hex()

    def _join(self, size: int, digest: bytes, hasher: Hasher | None = None) -> None:
        ends = self._groups.join(size, digest, hasher)
        self._advance(size)
        if ends:
            self._end_group()

    def _end_group(self) -> None:
        if self._groups.end():
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
                    room = self._room_in_group(piece)
                    room[:] = view
                    self._join_piece(room, reader.hasher)
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


def _recipe_file(file: SourceFile, digest: Hasher | Digest, algorithm: Algorithm) -> RecipeFile:
    known = digest if isinstance(digest, Digest) else Digest(algorithm, digest.hexdigest())
    return RecipeFile(file.path, file.mode, file.size, known)


def _recipe_tensor(tensor: _Tensor | RecipeTensor, chunks: tuple[RecipeChunk, ...]) -> RecipeTensor:
    if isinstance(tensor, RecipeTensor):
        return tensor
    digest = chunks[tensor.digest].blake3 if isinstance(tensor.digest, int) else tensor.digest
    info = tensor.info
    return RecipeTensor(info.name, info.dtype, info.shape, tensor.offset, tensor.size, digest)
