"""Random bytes, and the files of a directory."""

import random
from pathlib import Path

from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import RecipeChunk
from regolo_git.store.store import Store


def noise(seed: str, size: int) -> bytes:
    """The same random bytes for the same seed."""
    return random.Random(seed).randbytes(size)


def tree_of(top: Path) -> dict[str, bytes]:
    """Every file below a directory, with its content."""
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def stored_bytes(store: Store, artifact: Artifact) -> bytes:
    """The whole artifact as its chunks have it, files one after another."""
    return b"".join(chunk_bytes(store, chunk) for chunk in store.read_recipe(artifact.recipe).chunks)


def chunk_bytes(store: Store, chunk: RecipeChunk) -> bytes:
    """A chunk's bytes, verified."""
    buffer = bytearray(chunk.size)
    store.read_chunk_into(chunk.blake3, memoryview(buffer))
    return bytes(buffer)


def bytes_read() -> int:
    """How many bytes this process has read so far, from whatever."""
    line = Path("/proc/self/io").read_text().splitlines()[0]
    return int(line.removeprefix("rchar: "))
