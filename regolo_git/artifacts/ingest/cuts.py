"""The rules that cut an artifact into chunks: the chunking `tensor-aligned-1`.

An artifact is a stream of items: tensors, headers, small files, pieces of plain content.

- An item of at least 256 KiB is cut by itself, at steps of 16 MiB if it is larger.
- Smaller items join into a group of up to 1 MiB; one that would push it over starts the next group.
- A group also ends after an item whose BLAKE3 starts with a byte with three low zero bits (so that an
  insertion or deletion moves only nearby cuts), before a large item, before and after a file of at least
  1 MiB, and at the end.
- Plain content of at least 256 KiB, with no layout, becomes items by FastCDC (2020, normalization 1, 256 KiB
  to 4 MiB, 1 MiB on average).

These rules are part of the store's format: a changed rule needs a new name, and `tests/golden/chunking` pins
their results.  All functions are pure; ingest passes items through them as it reads.
"""

from collections.abc import Iterator

from regolo_git.records.recipe import CHUNK_LIMIT

LARGE = 256 << 10
STEP = CHUNK_LIMIT
GROUP = 1 << 20
EDGE_FILE = 1 << 20
PIECE_MIN, PIECE_AVERAGE, PIECE_MAX = 256 << 10, 1 << 20, 4 << 20


def steps(size: int) -> Iterator[int]:
    """The sizes of the chunks of a large item."""
    whole, rest = divmod(size, STEP)
    yield from (STEP for _ in range(whole))
    if rest:
        yield rest


class Group:
    """The current group of small items."""

    def __init__(self) -> None:
        self.size = 0

    def admits(self, size: int) -> bool:
        """Whether an item of this size fits; if not, the group ends first."""
        return self.size + size <= GROUP

    def join(self, size: int, blake3: bytes) -> bool:
        """Adds an item; True if the group ends after it."""
        self.size += size
        return self.size > 0 and blake3[0] & 7 == 0

    def end(self) -> int:
        """Ends the group and returns its size, 0 if it is empty."""
        size, self.size = self.size, 0
        return size


def content_pieces(window: memoryview, *, last: bool) -> Iterator[int]:
    """The sizes of the pieces of plain content in `window`, as far as they are final.

    A piece is final once `PIECE_MAX` bytes from its start are available, or in the `last` window.  The next
    window must start at the end of the last piece.
    """
    # Most models have a layout, and this import takes 30 ms.
    from pyfastcdc import FastCDC  # noqa: PLC0415

    chunker = FastCDC(PIECE_AVERAGE, min_size=PIECE_MIN, max_size=PIECE_MAX, normalized_chunking=1, seed=0)
    at = 0
    for piece in chunker.cut_buf(window):
        yield piece.length
        at += piece.length
        if not last and len(window) - at < PIECE_MAX:
            return
