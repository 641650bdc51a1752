"""Safetensors: eight bytes of length, a JSON header, then the tensors without gaps.

The rules are those of the reference library (`Metadata::validate` in its `tensor.rs`): the tensors follow one
another from the first byte to the last, each with the size that its dtype and shape give.  A sharded model is
several such files in one directory; each is read by itself, without the index file beside them.
"""

import json
from typing import BinaryIO

from regolo_git.layouts.bounded import count_of, product, read_at, text_of
from regolo_git.layouts.items import Cut, Item, Malformed, TensorInfo

# The reference library reads headers up to 100 MB; parsing one in Python takes over a gigabyte of memory.
# 50,000 tensors, twice what the largest mixtures of experts have in one file, take 6 MB.
HEADER_LIMIT = 8 << 20
CUT_LIMIT = 100_000_000  # that of the reference library
HEADER_STARTS = (b'{"', b"{}", b"{ ", b"{\n")
METADATA = "__metadata__"
BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8"), 8),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}


def read(file: BinaryIO, size: int) -> tuple[Item, ...] | None:
    """The items of a safetensors file; None for any other file.  Raises Malformed."""
    if size < 10:
        return None
    start = read_at(file, 0, 10)
    length = int.from_bytes(start[:8], "little")
    if size - 8 < length <= CUT_LIMIT and start[8:] in HEADER_STARTS:
        raise Cut(None)
    if length > min(HEADER_LIMIT, size - 8) or start[8:9] != b"{":
        return None
    tensors = _tensors(_parse(read_at(file, 8, length)))
    items = [Item(8 + length)]
    end = 0
    for first, last, info in sorted(tensors, key=lambda t: (t[0], t[1], t[2].name)):
        if first != end or last < first or (last - first) * 8 != product(info.shape) * BITS[info.dtype]:
            raise Malformed
        items.append(Item(last - first, info))
        end = last
    if 8 + length + end > size:
        raise Cut(8 + length + end)
    if 8 + length + end != size:
        raise Malformed
    return tuple(items)


def _parse(header: bytes) -> dict[str, object]:
    # Every tensor has one `{` and two `[` in at least 50 bytes.  A header with far more of them would take
    # fifty times its length in Python objects.
    if header.count(b"{") > 8 + len(header) // 32 or header.count(b"[") > 8 + len(header) // 16:
        raise Malformed
    try:
        document = json.loads(text_of(header))
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(document, dict):
        raise Malformed
    return document


def _tensors(document: dict[str, object]) -> list[tuple[int, int, TensorInfo]]:
    metadata = document.pop(METADATA, None)
    if metadata is not None and not _is_text_map(metadata):
        raise Malformed
    return [_tensor(name, entry) for name, entry in document.items()]


def _is_text_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _tensor(name: str, entry: object) -> tuple[int, int, TensorInfo]:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [first, last]} if dtype in BITS:
            info = TensorInfo(_plain(name), dtype, tuple(count_of(length) for length in shape))
            return count_of(first), count_of(last), info
    raise Malformed


def _plain(name: str) -> str:
    """Rejects lone surrogates: JSON can escape one, but UTF-8 cannot encode it."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise Malformed from error
    return name
