"""The store: chunks and recipes under the BLAKE3 of their bytes.

    format.toml              the store's format
    chunks/ab/abcdef…        one chunk, raw: its name is what `b3sum` prints
    recipes/ab/abcdef…       one recipe
    quarantine/              chunks and recipes that were not what their names say, kept
    tmp/                     writes under way

Nothing is ever changed under its name.  Writers put chunks first, then the recipe that names them, so whoever
sees a recipe finds its chunks.  Every byte is verified before a caller sees it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from regolo_git.errors import IntegrityError, NotFound, RegoloError, TransportError
from regolo_git.hints import Hint
from regolo_git.records.digests import HEX, Digest, blake3_hex
from regolo_git.records.recipe import BYTES_LIMIT, Recipe, check_chunk_size
from regolo_git.records.store_format import StoreFormat
from regolo_git.store.files import Data, Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

FORMAT_FILE = "format.toml"
FORMAT_LIMIT = 1 << 16
CHUNKS, RECIPES, QUARANTINE = "chunks", "recipes", "quarantine"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A chunk or recipe as the store lists it: its BLAKE3 in hex, bytes, and when it was written."""

    address: str
    size: int
    modified: datetime


class Store:
    """One store; may be used from several threads at once."""

    def __init__(self, files: Files) -> None:
        """Takes the files as they are; `open`, `create` and `open_or_create` look at the format first."""
        self._files = files

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens the store at a path or URL.

        Raises NotFound where there is none, IntegrityError for a newer format, InvalidInput, TransportError,
        MissingDependency.
        """
        files = files_at(url)
        try:
            with translated(files.url):
                StoreFormat.parse(files.read(FORMAT_FILE, FORMAT_LIMIT))
        except TransportError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise NotFound(f"there is no store at '{files.url}'", Hint("init")) from error
            raise
        return cls(files)

    @classmethod
    def open_or_create(cls, url: str) -> Self:
        """Opens a store, made first where there is none.  Raises as `open` does."""
        try:
            return cls.open(url)
        except NotFound:
            files = files_at(url)
            with translated(files.url):
                files.create(FORMAT_FILE, StoreFormat().to_text().encode())
                files.settle()
            return cls.open(url)

    @property
    def url(self) -> str:
        """Where it lies: a path, or the URL as it was given."""
        return self._files.url

    # -- chunks -------------------------------------------------------------------------------------------

    def has_chunk(self, address: str, size: int) -> bool:
        """Whether a chunk is there with this size; its bytes are not read."""
        with translated(self.url):
            return self._files.size_of(_path(CHUNKS, address)) == size

    def put_chunk(self, address: str, data: Data) -> bool:
        """Stores a chunk whose BLAKE3 the caller has computed; False if it was there.

        It outlives a power cut after `settle`.  Raises TransportError, with nothing left behind.
        """
        with translated(self.url):
            return self._files.put(_path(CHUNKS, address), data)

    def read_chunk(self, address: str, size: int) -> bytes:
        """A chunk's bytes, verified.  Raises as `read_chunk_into` does."""
        buffer = bytearray(check_chunk_size(address, size))
        self.read_chunk_into(address, memoryview(buffer))
        return bytes(buffer)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """Fills the view, which is as long as the chunk, with its verified bytes.

        Raises NotFound where the chunk is missing, and IntegrityError, having moved it to quarantine, where
        it is not what its name says.
        """
        path = _path(CHUNKS, address)
        # Read twice before it is condemned: a transfer may have gone wrong rather than the chunk.
        for _ in range(2):
            try:
                with translated(self.url):
                    whole = self._files.read_into(path, view)
            except TransportError as error:
                raise self._missing("chunk", address, error) from error
            if whole and blake3_hex(view) == address:
                return
        raise self._quarantined("chunk", path, address)

    def chunks(self) -> Iterator[StoredObject]:
        """Every chunk, in any order."""
        return self._objects(CHUNKS)

    def delete_chunk(self, address: str) -> None:
        """Deletes a chunk, if it is there.  That no recipe needs it is for the caller to know."""
        with translated(self.url):
            self._files.remove(_path(CHUNKS, address))

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """Whether a recipe is there; it is not read."""
        with translated(self.url):
            return self._files.size_of(_path(RECIPES, address.hex)) is not None

    def put_recipe(self, recipe: Recipe) -> Digest:
        """Stores a recipe, and returns once it and all chunks put before would outlive a power cut.

        Raises InvalidInput for one that could not be read again.
        """
        recipe.check_readable()
        address = recipe.address
        with translated(self.url):
            self._files.settle()
            self._files.put(_path(RECIPES, address.hex), recipe.to_bytes())
            self._files.settle()
        return address

    def read_recipe(self, address: Digest) -> Recipe:
        """A recipe, verified.

        Raises NotFound where it is missing; IntegrityError where it is not what its name says (it is moved
        to quarantine) or makes no sense.
        """
        path = _path(RECIPES, address.hex)
        try:
            with translated(self.url):
                data = self._files.read(path, BYTES_LIMIT + 1)
        except TransportError as error:
            raise self._missing("recipe", address.hex, error) from error
        if blake3_hex(data) != address.hex:
            raise self._quarantined("recipe", path, address.hex)
        return Recipe.parse(data)

    def recipes(self) -> Iterator[StoredObject]:
        """Every recipe, in any order."""
        return self._objects(RECIPES)

    def delete_recipe(self, address: Digest) -> None:
        """Deletes a recipe, if it is there; before the chunks that only it needs."""
        with translated(self.url):
            self._files.remove(_path(RECIPES, address.hex))

    # -- what is being written, and what interrupted writers left -----------------------------------------

    def scratch_directory(self) -> Path | None:
        """A directory on the store's own disk for unnamed files; None where the store is elsewhere."""
        with translated(self.url):
            return self._files.scratch_directory()

    def stale_temporaries(self) -> list[str]:
        """Paths in the store of files that a killed writer left."""
        with translated(self.url):
            return sorted(file.path for file in self._files.stale_temporaries())

    def remove_temporary(self, path: str) -> None:
        """Removes one of `stale_temporaries`."""
        with translated(self.url):
            self._files.remove(path)

    def _objects(self, directory: str) -> Iterator[StoredObject]:
        with translated(self.url):
            for file in self._files.walk(directory):
                address = file.path.rsplit("/", 1)[-1]
                if HEX.fullmatch(address) and file.path == _path(directory, address):
                    yield StoredObject(address, file.size, file.modified)

    def _missing(self, what: str, address: str, error: TransportError) -> RegoloError:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return NotFound(f"{what} '{address}' is missing from the store '{self.url}'", Hint("fsck"))
        return error

    def _quarantined(self, what: str, path: str, address: str) -> IntegrityError:
        """Sets aside what is damaged, so that the next ingest or fetch can store it anew."""
        kept, number = f"{QUARANTINE}/{address}", 1
        try:
            while self._files.size_of(kept) is not None:
                kept, number = f"{QUARANTINE}/{address}-{number}", number + 1
            self._files.move(path, kept)
        except OSError:
            # Another thread was faster, or the store is read-only: the answer is the same.
            return IntegrityError(f"{what} '{address}' in the store '{self.url}' is damaged", Hint("fsck"))
        return IntegrityError(
            f"{what} '{address}' in the store '{self.url}' is damaged; it was moved to '{kept}'", Hint("fsck")
        )


def _path(directory: str, address: str) -> str:
    return f"{directory}/{address[:2]}/{address}"
