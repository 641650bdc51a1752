"""The data of a tensor of the Open Inference Protocol: as JSON, flat or nested, and as bytes.

What a request says of its data is compared with the data, and no value is converted to the declared datatype.
Bytes are those of the binary tensor extension: little-endian and row-major; a string has its length in four
bytes before it.
"""

import struct
from collections.abc import Sequence
from math import inf, isfinite, prod

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json

_NAMES = "BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FP16 FP32 FP64"
CODES = dict(zip(_NAMES.split(), "?bhiqBHIQefd", strict=True))
BF16, BYTES = "BF16", "BYTES"
DATATYPES = frozenset((*CODES, BF16, BYTES))
FLOATS = ("FP16", BF16, "FP32", "FP64")
# A shape of a few bytes with a zero in it can ask for any number of empty lists.
MOST_EMPTY_LISTS = 1 << 16
LENGTH = struct.Struct("<I")


def shaped(name: str, datatype: str, shape: tuple[int, ...], data: list[Json]) -> Json:
    """The data of an input of a JSON request, nested by its shape; a single value if the shape is empty.

    Raises InvalidInput if data and shape or datatype differ.
    """
    flat, kinds = _flat(name, shape, data)
    _check_values(name, datatype, flat, kinds)
    return nest(name, shape, data) if flat is data else data


def _flat(name: str, shape: tuple[int, ...], data: list[Json]) -> tuple[list[Json], set[type]]:
    """The values of flat or nested data in row-major order, and their types; flat data is not copied."""
    level, sizes = data, [len(data)]
    while list in (kinds := set(map(type, level))):
        lengths = {len(part) if isinstance(part, list) else -1 for part in level}
        if len(lengths) != 1:
            raise InvalidInput(f"the lists of input '{name}' differ in length, which no shape describes")
        sizes.append(lengths.pop())
        level = [value for part in level if isinstance(part, list) for value in part]
    if level is data:
        if len(data) != prod(shape):
            raise InvalidInput(
                f"input '{name}' has {len(data)} values, its shape {list(shape)} has {prod(shape)}"
            )
    elif tuple(sizes) != (shape[: len(sizes)] if not level else shape):
        raise InvalidInput(f"the data of input '{name}' has the shape {sizes}, not {list(shape)} as declared")
    return level, kinds


def nest(name: str, shape: tuple[int, ...], flat: list[Json]) -> Json:
    """Nests row-major values by a shape of as many.  Raises InvalidInput for too many empty lists."""
    if not shape:
        return flat[0]
    if not flat:
        if prod(size for size in shape if size) > MOST_EMPTY_LISTS:
            raise InvalidInput(f"input '{name}' has a shape {list(shape)} that is too large for no values")
        return _empty(shape)
    for size in reversed(shape[1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)]
    return flat


def _empty(shape: tuple[int, ...]) -> list[Json]:
    return [_empty(shape[1:]) for _ in range(shape[0])] if shape else []


# -- values and their datatype ----------------------------------------------------------------------------


def _check_values(name: str, datatype: str, flat: list[Json], kinds: set[type]) -> None:
    wrong = kinds - _kinds(datatype)
    if wrong:
        given = " and ".join(sorted(_word(kind) for kind in wrong))
        raise InvalidInput(f"input '{name}' is declared {datatype}, and its data has {given}")
    if datatype == BYTES:
        if not is_unicode(flat):
            raise InvalidInput(f"input '{name}' has a string with half of a surrogate pair")
        return
    if float in kinds and (inf in flat or -inf in flat):
        # JSON's own infinity and a number that is too large look the same.
        raise InvalidInput(f"input '{name}' has a value that is infinite or beyond the range of {datatype}")
    try:
        if datatype != "FP64":
            encode(datatype, flat)
        exact = int not in kinds or datatype not in FLOATS or _holds_exactly(datatype, flat)
    except (struct.error, OverflowError) as error:
        raise InvalidInput(f"input '{name}' has a value beyond the range of {datatype}") from error
    if not exact:
        raise InvalidInput(f"input '{name}' has an integer that {datatype} cannot hold exactly")


def _kinds(datatype: str) -> set[type]:
    if datatype in FLOATS:
        return {float, int}
    return {bool} if datatype == "BOOL" else {str} if datatype == BYTES else {int}


def is_unicode(texts: Sequence[object]) -> bool:
    """Whether texts can be encoded: JSON can write half of a surrogate pair, which stands for nothing."""
    try:
        "".join(map(str, texts)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _word(kind: type) -> str:
    words = {bool: "true or false", int: "integers", float: "fractions", str: "strings", dict: "objects"}
    return words.get(kind, "null")


def _holds_exactly(datatype: str, flat: list[Json]) -> bool:
    whole = [value for value in flat if type(value) is int]
    return decode(datatype, encode(datatype, whole), len(whole)) == whole


# -- bytes ------------------------------------------------------------------------------------------------


def encode(datatype: str, flat: Sequence[object]) -> bytes:
    """The bytes of values.  Raises struct.error, OverflowError or TypeError for one that does not fit."""
    if datatype == BYTES:
        return b"".join(_encode_text(value) for value in flat)
    if datatype == BF16:
        return b"".join(_encode_bfloat(value) for value in flat)
    return struct.pack(f"<{len(flat)}{CODES[datatype]}", *flat)


def _encode_text(value: object) -> bytes:
    if not isinstance(value, str | bytes):
        raise TypeError(f"{type(value).__name__} is not a string")
    held = value.encode() if isinstance(value, str) else value
    return LENGTH.pack(len(held)) + held


def _encode_bfloat(value: object) -> bytes:
    """The upper half of an FP32, rounded to nearest, ties to even."""
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    if value != value:  # noqa: PLR0124 - NaN
        return b"\xc0\x7f"
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    if rounded & 0x7FFF == 0x7F80 and isinstance(value, int | float) and isfinite(value):
        raise OverflowError("too large for BF16")
    return struct.pack("<H", rounded)


def count_of(datatype: str, size: int) -> int | None:
    """The number of values in `size` bytes; None for strings, and for a part of a value."""
    width = 2 if datatype == BF16 else struct.calcsize(f"<{CODES[datatype]}") if datatype != BYTES else 0
    return size // width if width and size % width == 0 else None


def decode(datatype: str, data: bytes | memoryview, count: int) -> list[Json]:
    """The values of `count` elements.  Raises struct.error for other lengths, UnicodeDecodeError."""
    if datatype == BYTES:
        return _decode_texts(data, count)
    if datatype == BF16:
        halves = struct.unpack(f"<{count}H", data)
        return list(struct.unpack(f"<{count}f", struct.pack(f"<{count}I", *(half << 16 for half in halves))))
    return list(struct.unpack(f"<{count}{CODES[datatype]}", data))


def _decode_texts(data: bytes | memoryview, count: int) -> list[Json]:
    texts: list[Json] = []
    at = 0
    while at < len(data):
        (length,) = LENGTH.unpack_from(data, at)
        end = at + LENGTH.size + length
        if end > len(data) or len(texts) == count:
            raise struct.error("the lengths of the strings do not add up")
        texts.append(str(data[at + LENGTH.size : end], "utf-8"))
        at = end
    if len(texts) != count:
        raise struct.error(f"{len(texts)} strings")
    return texts
