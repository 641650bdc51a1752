"""Small real artifacts, and what lies in a directory."""

import random
import struct
from json import dumps
from pathlib import Path


def noise(seed: str, size: int) -> bytes:
    """The same random bytes for the same seed."""
    return random.Random(seed).randbytes(size)


def write_safetensors(path: Path, tensors: dict[str, bytes]) -> None:
    entries, end = {}, 0
    for name, data in tensors.items():
        start, end = end, end + len(data)
        entries[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [start, end]}
    header = dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"".join(tensors.values()))


def tree_of(top: Path) -> dict[str, bytes]:
    """Every file below a directory, with its content."""
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def bytes_read() -> int:
    """How many bytes this process has read so far, from whatever."""
    line = Path("/proc/self/io").read_text().splitlines()[0]
    return int(line.removeprefix("rchar: "))
