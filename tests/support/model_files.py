"""Small real safetensors files."""

import struct
from collections.abc import Mapping
from json import dumps
from pathlib import Path


def write_safetensors(
    path: Path, tensors: Mapping[str, bytes], *, dtype: str = "U8", shape: tuple[int, ...] | None = None
) -> Path:
    """Writes tensors in the order given, flat ones of bytes unless told otherwise."""
    entries, end = {}, 0
    for name, data in tensors.items():
        start, end = end, end + len(data)
        entries[name] = {"dtype": dtype, "shape": shape or (len(data),), "data_offsets": (start, end)}
    header = dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"".join(tensors.values()))
    return path


def write_model(path: Path, fill: float = 1.0, names: tuple[str, ...] = ("layer.weight",)) -> Path:
    """A model of tensors of 8 x 8 numbers, each of which is `fill`."""
    body = struct.pack("<64f", *([fill] * 64))
    return write_safetensors(path, dict.fromkeys(names, body), dtype="F32", shape=(8, 8))
