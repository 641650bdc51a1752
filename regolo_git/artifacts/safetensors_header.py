"""The header of a safetensors file, as the safetensors library writes it.

Tensors are sorted by descending width of their type and then by name, so that each is aligned, after a JSON
header padded to eight bytes.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

# In the library's order; the header lists tensors from the last of these types to the first.
TYPES = (
    "BOOL",
    "F4",
    "F6_E2M3",
    "F6_E3M2",
    "U8",
    "I8",
    "F8_E5M2",
    "F8_E4M3",
    "F8_E8M0",
    "F8_E4M3FNUZ",
    "F8_E5M2FNUZ",
    "I16",
    "U16",
    "F16",
    "BF16",
    "I32",
    "U32",
    "F32",
    "C64",
    "F64",
    "I64",
    "U64",
)
ORDER = {name: number for number, name in enumerate(TYPES)}


class Described(NamedTuple):
    """A tensor as the header lists it; `size` in bytes."""

    name: str
    dtype: str
    shape: Sequence[int]
    size: int

    @property
    def place(self) -> tuple[int, str]:
        """The key that sorts tensors as the library does.  Raises KeyError for an unknown type."""
        return -ORDER[self.dtype], self.name


def safetensors_header(tensors: Sequence[Described]) -> bytes:
    """Everything before the data of some tensors, which follow one another in this order."""
    entries: dict[str, object] = {}
    end = 0
    for tensor in tensors:
        start, end = end, end + tensor.size
        entries[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
