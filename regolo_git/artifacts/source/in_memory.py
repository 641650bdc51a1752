"""Artifacts that are not files on disk: bytes, binary file objects, and named arrays."""

import io
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO

from regolo_git.artifacts.source.arrays import ArrayLike, ArraysFile
from regolo_git.artifacts.source.snapshot import RawFile, Snapshot, SourceFile
from regolo_git.errors import InvalidInput
from regolo_git.text.printable import printable

MODE = 0o644
SPOOL_STEP = 1 << 20


def of_bytes(data: bytes) -> Snapshot:
    """Bytes as a file."""
    return _one_file(len(data), lambda: io.BytesIO(data))


def of_file_object(source: IO[bytes] | IO[str], spool: io.RawIOBase) -> Snapshot:
    """The rest of a file object, copied to `spool`.  Raises TypeError for one in text mode."""
    size = 0
    while data := source.read(SPOOL_STEP):
        if isinstance(data, str):
            raise TypeError("the file object is in text mode: open it in binary mode, open(path, 'rb')")
        size += len(data)
        while data:
            data = data[spool.write(data) or 0 :]
    return _one_file(size, lambda: spool)


def of_arrays(arrays: Mapping[str, ArrayLike]) -> Snapshot:
    """Named arrays as a safetensors file.  Raises InvalidInput, TypeError for unsupported arrays."""
    file = ArraysFile(_checked(arrays))
    return _one_file(file.size, lambda: file)


def _one_file(size: int, opener: Callable[[], RawFile]) -> Snapshot:
    return Snapshot("file", (SourceFile("", MODE, size, None, None, opener),), None, time.time_ns())


def _checked(arrays: Mapping[str, ArrayLike]) -> Mapping[str, ArrayLike]:
    if not arrays:
        raise InvalidInput("there are no arrays to store")
    entries: Iterable[tuple[object, object]] = arrays.items()  # callers may ignore the annotations
    for name, array in entries:
        if not isinstance(name, str):
            raise TypeError(f"array names must be strings, not {name!r}")
        if name == "__metadata__" or not name.isprintable():
            raise InvalidInput(f"array name '{printable(name)}' cannot be used")
        if not isinstance(array, ArrayLike) and not hasattr(array, "detach"):
            what = f"{type(array).__module__}.{type(array).__qualname__}"
            raise TypeError(f"'{name}' is a {what}, not an array: save the model to a file and pass its path")
    return arrays
