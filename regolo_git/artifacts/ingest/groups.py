"""The groups of small items, one after another in a buffer, each of which becomes a chunk.

Groups share a buffer while it has room: what one of them waits for, such as the disk, does not keep the next
ones from being read.
"""

from regolo_git.artifacts.ingest.chunk_writer import ChunkWriter, Piece, StoredChunk
from regolo_git.artifacts.ingest.cuts import Group
from regolo_git.artifacts.thread_pool import Task, ThreadPool
from regolo_git.records.digests import Hasher

# Of each buffer: memory is cleared when it is first touched, and what was used a moment ago is in the cache.
ROOM = 4 << 20


class Groups:
    """The current group, and the room after it."""

    def __init__(self, pool: ThreadPool, chunks: ChunkWriter) -> None:
        self._pool = pool
        self._chunks = chunks
        self._group = Group()
        self._buffer: memoryview | None = None
        self._start, self._end = 0, 0  # of the group, and of the room that was given out
        self._pieces: list[Piece] = []
        self._tasks: list[Task[None] | Task[StoredChunk]] = []

    def has_room(self, size: int) -> bool:
        """Whether the buffer has room for so many bytes more."""
        return self._buffer is None or self._end + size <= ROOM

    def room(self, size: int) -> memoryview:
        """The next bytes of the buffer: of this group, or of those that follow it.

        A group that has been joined by all that came before continues in another buffer where this one is
        full.
        """
        if self._buffer is None:
            self._buffer = self._pool.buffer()
        elif not self.has_room(size):
            self._buffer = self._continued(self._buffer)
        start, self._end = self._end, self._end + size
        return self._buffer[start : self._end]

    def admits(self, size: int) -> bool:
        """Whether an item of this size fits into the group; if not, the group must end first."""
        return self._group.admits(size)

    def join(self, size: int, digest: bytes, hasher: Hasher | None = None) -> bool:
        """Adds the next item by its BLAKE3; `hasher` takes its bytes. True if the group ends after it."""
        start = self._group.size
        if hasher is not None and self._pieces and self._pieces[-1].hasher is hasher:
            self._pieces[-1].stop += size
        elif hasher is not None and size:
            self._pieces.append(Piece(hasher, start, start + size))
        return self._group.join(size, digest)

    def end(self) -> bool:
        """Ends the group, and has it stored; False if it is empty."""
        size = self._group.end()
        if self._buffer is None or not size:
            return False
        start, self._start = self._start, self._start + size
        self._tasks += self._chunks.write(self._buffer[start : self._start], self._pieces)
        self._pieces = []
        return True

    def release(self) -> None:
        """Returns the buffer, after the last group has ended."""
        if self._buffer is not None:
            self._pool.release(self._buffer, *self._tasks)
            self._buffer = None

    def _continued(self, full: memoryview) -> memoryview:
        """Another buffer, with the bytes of the current group."""
        size = self._group.size
        following = self._pool.buffer()
        following[:size] = full[self._start : self._start + size]
        self._pool.release(full, *self._tasks)
        self._start, self._end, self._tasks = 0, size, []
        return following
