"""Recipes: the ordered chunks that rebuild an artifact, and the positions of its files and tensors.

A recipe is canonical JSON named by its own BLAKE3.  The artifact is one stream of bytes: its files
concatenated in the order of their paths; a single file has the empty path.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self, cast

from regolo_git.cached import cached_property
from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import HEX, Digest, artifact_digest, blake3_hex
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.names import check_artifact_path
from regolo_git.records.tables import check_format
from regolo_git.text.printable import has_lone_surrogate
from regolo_git.text.sizes import size_text

FORMAT = 1
CHUNKING = "tensor-aligned-1"
CHUNK_LIMIT = 16 << 20  # this chunking cuts nothing longer, so nothing longer is ever allocated
BYTES_LIMIT = 256 << 20
COUNT_LIMIT = 1 << 63
Kind = Literal["file", "directory"]


class RecipeFile(NamedTuple):
    """One file: its POSIX path, permission bits, size in bytes and digest."""

    path: str
    mode: int
    size: int
    digest: Digest


class RecipeTensor(NamedTuple):
    """One tensor: `offset` and `size` in bytes of the stream, and the BLAKE3 of its bytes in hex."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    blake3: str


class RecipeChunk(NamedTuple):
    """One chunk: its BLAKE3 in hex and its size in bytes."""

    blake3: str
    size: int


@dataclass(frozen=True)
class Recipe:
    """How an artifact is rebuilt; `parse` rejects one with inconsistent parts."""

    kind: Kind
    files: tuple[RecipeFile, ...]
    tensors: tuple[RecipeTensor, ...]
    chunks: tuple[RecipeChunk, ...]

    @property
    def size(self) -> int:
        """The size of the artifact in bytes."""
        return sum(file.size for file in self.files)

    def placed_tensors(self) -> Iterator[tuple[RecipeTensor, str]]:
        """Each tensor with the path of its file; both are sorted by their offsets."""
        files = iter(self.files)
        path, end = "", 0
        for tensor in self.tensors:
            while tensor.offset >= end and (file := next(files, None)) is not None:
                path, end = file.path, end + file.size
            yield tensor, path

    @property
    def artifact_digest(self) -> Digest:
        """The digest of the whole artifact."""
        return artifact_digest(self.files[0].digest.algorithm, {f.path: f.digest for f in self.files})

    @cached_property
    def _bytes(self) -> bytes:
        document = {
            "chunking": CHUNKING,
            "chunks": [[chunk.blake3, chunk.size] for chunk in self.chunks],
            "files": [
                {"digest": str(file.digest), "mode": file.mode, "path": file.path, "size": file.size}
                for file in self.files
            ],
            "format": FORMAT,
            "kind": self.kind,
            "tensors": [
                {
                    "blake3": tensor.blake3,
                    "dtype": tensor.dtype,
                    "name": tensor.name,
                    "offset": tensor.offset,
                    "shape": list(tensor.shape),
                    "size": tensor.size,
                }
                for tensor in self.tensors
            ],
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode() + b"\n"

    def check_readable(self) -> None:
        """Raises InvalidInput for a recipe that `parse` would reject for its length or a number in it.

        Called before a recipe is stored: a version with an unreadable recipe would be lost.
        """
        numbers = [n for tensor in self.tensors for n in (*tensor.shape, tensor.offset, tensor.size)]
        if max(numbers, default=0) >= COUNT_LIMIT or self.size >= COUNT_LIMIT:
            raise InvalidInput("the artifact has a tensor with an impossible size")
        if len(self._bytes) > BYTES_LIMIT:
            raise InvalidInput(
                f"the artifact has more files and tensors than one version can hold: its recipe would take"
                f" {size_text(len(self._bytes))}",
                "split it into several models, or pack its files into one archive",
            )

    def to_bytes(self) -> bytes:
        """The canonical bytes: sorted keys, no spaces, UTF-8, a final line feed."""
        return self._bytes

    @cached_property
    def address(self) -> Digest:
        """The BLAKE3 of the canonical bytes, which names the recipe in the store."""
        return Digest("blake3", blake3_hex(self._bytes))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parses a recipe.  Raises IntegrityError unless it is valid and in canonical form."""
        if len(data) > BYTES_LIMIT:
            raise IntegrityError(f"a recipe of {len(data)} bytes exceeds the limit of {BYTES_LIMIT}")
        try:
            reader = JsonReader.parse(data, "a recipe")
            check_format(reader.get("format", int), FORMAT, "a recipe")
            recipe = cls._read(reader)
        except InvalidInput as error:
            raise IntegrityError(error.message) from error
        _check(recipe)
        if recipe.to_bytes() != data:
            raise IntegrityError("a recipe is not in its canonical form")
        return recipe

    @classmethod
    def _read(cls, reader: JsonReader) -> Self:
        kind = reader.get("kind", str)
        if kind not in ("file", "directory"):
            raise reader.wrong("kind", "is neither file nor directory")
        return cls(
            cast(Kind, kind),
            tuple(_read_file(file) for file in reader.objects("files")),
            tuple(_read_tensor(tensor) for tensor in reader.objects("tensors")),
            tuple(RecipeChunk(_hex(chunk, 0), _count(chunk, 1)) for chunk in reader.rows("chunks", 2)),
        )


def _read_file(reader: JsonReader) -> RecipeFile:
    return RecipeFile(
        _text(reader, "path"),
        _count(reader, "mode"),
        _count(reader, "size"),
        Digest.parse(reader.get("digest", str)),
    )


def _read_tensor(reader: JsonReader) -> RecipeTensor:
    shape = reader.list_of("shape", int)
    if not all(0 <= length < COUNT_LIMIT for length in shape):
        raise reader.wrong("shape", "is not a list of lengths")
    return RecipeTensor(
        _text(reader, "name"),
        _text(reader, "dtype"),
        tuple(shape),
        _count(reader, "offset"),
        _count(reader, "size"),
        _hex(reader, "blake3"),
    )


def _text(reader: JsonReader, key: str) -> str:
    text = reader.get(key, str)
    if has_lone_surrogate(text):
        raise reader.wrong(key, "has a lone surrogate, which UTF-8 cannot encode")
    return text


def _count(reader: JsonReader, key: str | int) -> int:
    value = reader.get(key, int)
    if not 0 <= value < COUNT_LIMIT:
        raise reader.wrong(key, f"is not between 0 and {COUNT_LIMIT - 1}")
    return value


def _hex(reader: JsonReader, key: str | int) -> str:
    text = reader.get(key, str)
    if not HEX.fullmatch(text):
        raise reader.wrong(key, "is not a BLAKE3 in hex")
    return text


def _check(recipe: Recipe) -> None:
    if sum(chunk.size for chunk in recipe.chunks) != recipe.size:
        raise IntegrityError("the chunks of a recipe do not add up to its files")
    for chunk in recipe.chunks:
        if not 0 < chunk.size <= CHUNK_LIMIT:
            raise IntegrityError(f"chunk '{chunk.blake3}' of a recipe cannot have {chunk.size} bytes")
    _check_files(recipe)
    end, size = 0, recipe.size
    for tensor in recipe.tensors:
        if tensor.offset < end or tensor.offset + tensor.size > size:
            raise IntegrityError("the tensors in a recipe overlap or extend past its end")
        end = tensor.offset + tensor.size


def _check_files(recipe: Recipe) -> None:
    if any(file.mode > 0o777 for file in recipe.files):
        raise IntegrityError("a recipe has a file mode with more than permission bits")
    paths = [file.path for file in recipe.files]
    if recipe.kind == "file":
        if paths != [""]:
            raise IntegrityError("the recipe of a single file lists other paths")
        return
    if not paths or paths != sorted(set(paths), key=str.encode):
        raise IntegrityError("the files in a recipe are not sorted")
    for path in paths:
        try:
            check_artifact_path(path)
        except InvalidInput as error:
            raise IntegrityError(f"a recipe has a bad path: {error.message}") from error
    taken = set(paths)
    for path in paths:
        parents = path.split("/")[:-1]
        if any("/".join(parents[: depth + 1]) in taken for depth in range(len(parents))):
            raise IntegrityError(f"'{path}' in a recipe is inside a file")
