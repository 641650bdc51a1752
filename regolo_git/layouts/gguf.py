"""GGUF versions 2 and 3, both byte orders: key-value metadata, a table of tensors, then the aligned tensors.

Only the table and `general.alignment` matter here; other values are skipped.  Sizes of quantized types are
those of `ggml` (elements per block, bytes per block).
"""

from typing import BinaryIO

from regolo_git.layouts.bounded import BoundedReader, product, text_of
from regolo_git.layouts.items import Cut, Item, Malformed, Placed, TensorInfo, fill_gaps

MAGIC = b"GGUF"
VERSIONS = (2, 3)
# A vocabulary of 260,000 words with scores and merges takes 12 MB.
HEADER_LIMIT = 32 << 20
TENSORS_LIMIT = 1 << 18
DIMENSIONS_LIMIT = 4
NAME_LIMIT = 1 << 10
NESTING_LIMIT = 8
DEFAULT_ALIGNMENT = 32
ALIGNMENT_LIMIT = 1 << 20
ALIGNMENT_KEY = b"general.alignment"
SPLIT_KEY = b"split.count"
# Each takes a few microseconds at most: a file made to cost is given up within a second.
PAIRS_LIMIT = 1 << 16
VALUES_LIMIT = 1 << 20

STRING, ARRAY, U16, U32 = 8, 9, 2, 4
VALUE_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

# type number: (name, elements per block, bytes per block); any other type makes the file plain bytes
TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}


def read(file: BinaryIO, size: int) -> tuple[Item, ...] | None:
    """The items of a GGUF file; None for any other file.  Raises Malformed."""
    reader = header_of(file, size)
    if reader is None:
        return None
    count = reader.u64()
    alignment = Metadata().read(reader, pairs=reader.u64()).alignment
    if count > TENSORS_LIMIT:
        raise Malformed
    tensors = [_tensor(reader) for _ in range(count)]
    start_of_data = _aligned(reader.position, alignment)
    return _laid_out(tensors, start_of_data, alignment, size)


def header_of(file: BinaryIO, size: int) -> BoundedReader | None:
    """Where the numbers of tensors and of metadata are, and then both; None for any other file."""
    file.seek(0)
    start = file.read(8)
    if len(start) < 8 or start[:4] != MAGIC:
        return None
    order = "<" if int.from_bytes(start[4:], "little") in VERSIONS else ">"
    if order == ">" and int.from_bytes(start[4:], "big") not in VERSIONS:
        return None
    return BoundedReader(file, size=size, budget=HEADER_LIMIT, byte_order=order)


def split_count(file: BinaryIO, size: int) -> int:
    """The number of files that a split model consists of; 1 for any other file."""
    file.seek(0)
    start = file.read(8)
    if len(start) < 8 or start[:4] != MAGIC or int.from_bytes(start[4:], "little") not in VERSIONS:
        return 1
    reader = BoundedReader(file, size=size, budget=HEADER_LIMIT)
    reader.skip(8)
    try:
        return Metadata().read(reader, pairs=reader.u64()).split_count
    except Malformed:
        return 1


class Metadata:
    """The values that matter here; all others are skipped, within a limit on their number."""

    def __init__(self) -> None:
        self.alignment = DEFAULT_ALIGNMENT
        self.split_count = 1
        self._left = VALUES_LIMIT

    def read(self, reader: BoundedReader, *, pairs: int) -> "Metadata":
        """Reads or skips all pairs."""
        if pairs > PAIRS_LIMIT:
            raise Malformed
        for _ in range(pairs):
            key = reader.take(reader.u64())
            kind = reader.u32()
            if key == ALIGNMENT_KEY and kind == U32:
                self.alignment = reader.u32()
                if not 8 <= self.alignment <= ALIGNMENT_LIMIT or self.alignment & (self.alignment - 1):
                    raise Malformed
            elif key == SPLIT_KEY and kind == U16:
                self.split_count = reader.u16()
            else:
                self.skip(reader, kind)
        return self

    def skip(self, reader: BoundedReader, kind: int, *, depth: int = 0) -> None:
        """Skips a value.  Raises Malformed for an unknown type, or if too many were skipped."""
        if kind == STRING:
            reader.skip(reader.u64())
        elif kind == ARRAY and depth < NESTING_LIMIT:
            self._skip_array(reader, depth=depth + 1)
        elif kind in VALUE_SIZES:
            reader.skip(VALUE_SIZES[kind])
        else:
            raise Malformed

    def _skip_array(self, reader: BoundedReader, *, depth: int) -> None:
        kind, count = reader.u32(), reader.u64()
        if kind in VALUE_SIZES:
            reader.skip(VALUE_SIZES[kind] * count)
            return
        if count > self._left:
            raise Malformed
        self._left -= count
        if kind == STRING:
            reader.skip_texts(count)
            return
        for _ in range(count):
            self.skip(reader, kind, depth=depth)


def _tensor(reader: BoundedReader) -> tuple[int, int, TensorInfo]:
    """One entry of the table: (offset in the data, size in bytes, tensor)."""
    length = reader.u64()
    if length > NAME_LIMIT:
        raise Malformed
    name = text_of(reader.take(length))
    dimensions = reader.u32()
    if dimensions > DIMENSIONS_LIMIT:
        raise Malformed
    lengths = tuple(reader.u64() for _ in range(dimensions))
    kind, offset = reader.u32(), reader.u64()
    if kind not in TYPES or max(lengths, default=0) >= 1 << 63:
        raise Malformed
    dtype, block, block_bytes = TYPES[kind]
    if (lengths[0] if lengths else 1) % block:
        raise Malformed  # a row is a whole number of blocks
    # GGUF lists the innermost dimension first; this code lists it last.
    return offset, product(lengths) // block * block_bytes, TensorInfo(name, dtype, lengths[::-1])


def _laid_out(
    tensors: list[tuple[int, int, TensorInfo]], start: int, alignment: int, size: int
) -> tuple[Item, ...]:
    placed = [Placed(start + offset, length, info) for offset, length, info in tensors]
    said = max((place.offset + place.size for place in placed), default=0)
    if said > size:
        raise Cut(said)
    end = start
    for place in sorted(placed, key=lambda p: (p.offset, p.size)):
        # Only padding to the next multiple may separate two tensors; `fill_gaps` rejects overlaps.
        if place.offset % alignment != start % alignment or place.offset - end >= alignment:
            raise Malformed
        end = place.offset + place.size
    if size - end >= alignment and placed:
        raise Malformed
    return fill_gaps(placed, size)


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
