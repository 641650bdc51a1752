"""The header of a `.npy` array, matched by a pattern; NumPy itself evaluates it as a Python literal."""

import re
import struct
from typing import BinaryIO, NamedTuple

from regolo_git.layouts.bounded import product, read_at
from regolo_git.layouts.items import Malformed, TensorInfo

MAGIC = b"\x93NUMPY"
HEADER_LIMIT = 1 << 16
HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[a-zA-Z]\d{1,4})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,512})\), ?\}\s*"
)
DTYPES = {
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "c8": "C64",
    "i1": "I8",
    "i2": "I16",
    "i4": "I32",
    "i8": "I64",
    "u1": "U8",
    "u2": "U16",
    "u4": "U32",
    "u8": "U64",
    "b1": "BOOL",
}

# The letters of `struct` for the types of labels.
NUMBERS = {
    "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I",
    "u8": "Q", "b1": "?",
}  # fmt: skip


def header_length(start: bytes) -> int | None:
    """The length of everything before the array, from the first 12 bytes; None if it is not an array."""
    if len(start) < 12 or start[:6] != MAGIC or start[6] not in (1, 2, 3):
        return None
    width = 2 if start[6] == 1 else 4
    length = 8 + width + int.from_bytes(start[8 : 8 + width], "little")
    return length if length <= HEADER_LIMIT else None


def whole_size(file: BinaryIO, head: bytes, size: int) -> int | None:
    """The size that the header of an array in a file of its own says; None for any other file."""
    length = header_length(head)
    if length is None:
        return None
    found = HEADER.fullmatch(read_at(file, 0, min(length, size))[10 if head[6] == 1 else 12 :])
    if found is None:
        return length if length > size else None
    kind = found[1].decode("ascii").lstrip("<|=>")
    lengths = [int(part) for part in found[3].decode("ascii").split(",") if part.strip().isdecimal()]
    if kind not in DTYPES or max(lengths, default=0) >= 1 << 63:
        return None
    return length + product(tuple(lengths)) * int(kind[1:])


def tensor_of(name: str, header: bytes, size: int) -> TensorInfo | None:
    """The array described by a complete header, if it is a plain one of `size` bytes.

    Structured records, strings and Python objects (which are pickled) do not count as tensors.
    """
    found = HEADER.fullmatch(header[10 if header[6] == 1 else 12 :])
    if found is None:
        return None
    kind = found[1].decode("ascii").lstrip("<|=")
    dtype = DTYPES.get(kind.lstrip(">"))
    lengths = [part.strip() for part in found[3].decode("ascii").split(",") if part.strip()]
    if dtype is None or not all(length.isdecimal() and len(length) < 20 for length in lengths):
        return None
    shape = tuple(int(length) for length in lengths)
    if max(shape, default=0) >= 1 << 63:
        return None  # with a zero length elsewhere, the product would not show it
    try:
        fits = product(shape) * int(kind[-1]) == size
    except Malformed:
        return None
    # Big-endian arrays keep NumPy's name, so that they are not mistaken for little-endian ones.
    swapped = kind.startswith(">") and kind[-1] != "1"
    return TensorInfo(name, kind if swapped else dtype, shape) if fits else None


class Described(NamedTuple):
    """What the header of an array says: its type as NumPy writes it, and where its values begin."""

    kind: str
    shape: tuple[int, ...]
    start: int


def described(head: bytes) -> Described:
    """The description at the start of an array.  Raises Malformed."""
    length = header_length(head)
    found = HEADER.fullmatch(head[10 if head[6] == 1 else 12 : length]) if length is not None else None
    if length is None or found is None:
        raise Malformed
    sizes = [part.strip() for part in found[3].decode("ascii").split(",") if part.strip()]
    if not all(size.isdecimal() and len(size) < 20 for size in sizes):
        raise Malformed
    return Described(found[1].decode("ascii"), tuple(map(int, sizes)), length)


def texts(array: bytes) -> list[str]:
    """The values of a whole array with one axis: texts, numbers or truth values.  Raises Malformed."""
    said = described(array)
    letter, width = said.kind.lstrip("<|=>")[0], said.kind.lstrip("<|=>")[1:]
    values = array[said.start :]
    size = int(width) * (4 if letter == "U" else 1)
    if said.kind.startswith(">") or len(said.shape) != 1 or not size or said.shape[0] * size != len(values):
        raise Malformed
    if letter == "U":
        try:
            each = (values[at : at + size].decode("utf-32-le") for at in range(0, len(values), size))
            return [text.rstrip("\0") for text in each]
        except UnicodeDecodeError:
            raise Malformed from None
    if f"{letter}{width}" not in NUMBERS:
        raise Malformed
    return [str(number) for (number,) in struct.iter_unpack(f"<{NUMBERS[f'{letter}{width}']}", values)]
