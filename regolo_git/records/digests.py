"""Digests of content: `sha256:<hex>` or `blake3:<hex>`."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, Self, get_args

from blake3 import blake3

from regolo_git.errors import InvalidInput

Algorithm = Literal["sha256", "blake3"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
HEX = re.compile(r"[0-9a-f]{64}")


class Hasher(Protocol):
    """The hash object of either algorithm; `update` releases the GIL."""

    def update(self, data: bytes | bytearray | memoryview, /) -> object: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm and 64 lower-case hex digits."""

    algorithm: Algorithm
    hex: str

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS or not HEX.fullmatch(self.hex):
            raise InvalidInput(f"'{self.algorithm}:{self.hex}' is not a digest")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `sha256:<hex>` or `blake3:<hex>`.  Raises InvalidInput."""
        algorithm, colon, hexadecimal = text.partition(":")
        if not colon or algorithm not in ALGORITHMS:
            raise InvalidInput(f"'{text}' is not a digest", "write it as sha256:<64 hex digits>")
        return cls(algorithm, hexadecimal)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def new_hasher(algorithm: Algorithm) -> Hasher:
    """A new hash object for an algorithm."""
    return hashlib.sha256() if algorithm == "sha256" else blake3()


def blake3_hex(data: bytes | bytearray | memoryview) -> str:
    """The BLAKE3 of some bytes in hex, which names a chunk."""
    return blake3(data).hexdigest()


def directory_digest(algorithm: Algorithm, files: Iterable[tuple[str, str]]) -> Digest:
    """The digest of a directory from (path, hex digest of the file) pairs.

    The same as `find -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`.
    """
    hasher = new_hasher(algorithm)
    for path, hexadecimal in sorted(files, key=lambda file: file[0].encode()):
        hasher.update(f"{hexadecimal}  {path}\n".encode())
    return Digest(algorithm, hasher.hexdigest())


def artifact_digest(algorithm: Algorithm, files: Mapping[str, Digest]) -> Digest:
    """The digest of an artifact from those of its files by path; the path of a single file is empty."""
    if "" in files:
        return files[""]
    return directory_digest(algorithm, ((path, digest.hex) for path, digest in files.items()))
