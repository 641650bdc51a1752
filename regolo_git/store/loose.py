"""A store with a file for each chunk and each recipe.

    format.toml              the store's format
    chunks/ab/abcdef…        one chunk, raw: its name is what `b3sum` prints
    recipes/ab/abcdef…       one recipe
    quarantine/              damaged chunks and recipes, kept
    tmp/                     writes in progress
    lock                     shared by writers (`files/writers.py`)

It implements `Store` (`store.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from regolo_git.errors import IntegrityError, NotFound, RegoloError, StoreAbsent, TransportError
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import BYTES_LIMIT, Recipe, RecipeChunk
from regolo_git.records.store_format import (
    CHUNKS,
    FORMAT_FILE,
    HINTS_SUFFIX,
    PACKS_FEATURE,
    QUARANTINE,
    RECIPES,
    StoreFormat,
    path_of,
)
from regolo_git.records.store_url import StoreAddress, check_writable_store
from regolo_git.store.files.contract import Data, Files, Writer
from regolo_git.store.locate import absent_store, create_format, files_at, is_missing, read_format
from regolo_git.store.store import OnFailure, not_in_store
from regolo_git.store.translate import translated
from regolo_git.system_calls import NotOrdinary, new_memory

if TYPE_CHECKING:
    from regolo_git.store.packs.chunks import PackedChunks


class LooseStore:
    """One store; may be used from several threads at once."""

    def __init__(self, files: Files, *, optional: bool = False, has_packs: bool = False) -> None:
        """Uses the files without checking the format, as `open` and `open_or_create` do.

        An `optional` store that is not there is like an empty one when it is read.  One that `has_packs`,
        because it is the shared store of others, is read like one, and written without packs.
        """
        self._files = files
        self._optional = optional
        self._packed = _packed_chunks(files) if has_packs else None

    @classmethod
    def open(cls, place: str | StoreAddress, *, optional: bool = False) -> Self:
        """Opens the store at a path, a URL or an address.

        Raises StoreAbsent if there is none and it is not `optional`, NewerFormat if it uses features of a
        newer release, IntegrityError, InvalidInput, TransportError, MissingDependency.
        """
        files = files_at(check_writable_store(place))
        try:
            form = read_format(files)
        except StoreAbsent:
            if not optional:
                raise
            form = StoreFormat()
        return cls(files, optional=optional, has_packs=PACKS_FEATURE in form.features)

    @classmethod
    def create(cls, place: str | StoreAddress, rights: int = 0) -> bool:
        """Creates a store; False if it was there.  Raises the same errors as `open`.

        `rights` are permissions of its directory beyond the umask's; what is in it takes them over.
        """
        return create_format(files_at(check_writable_store(place)), StoreFormat(), rights)

    @classmethod
    def open_or_create(cls, url: str, rights: int = 0) -> Self:
        """Opens a store, creating it first if needed.  Raises the same errors as `open`."""
        try:
            return cls.open(url)
        except StoreAbsent:
            cls.create(url, rights)
            return cls.open(url)

    @property
    def url(self) -> str:
        """See `Store.url`."""
        return self._files.url

    @property
    def connections(self) -> int:
        """See `Store.connections`."""
        return self._files.properties.connections

    @property
    def has_packs(self) -> bool:
        """Whether chunks may be in packs."""
        return self._packed is not None

    # -- chunks -------------------------------------------------------------------------------------------

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """See `Store.missing`."""
        wanted = list(dict.fromkeys(chunks))
        with self._translated():
            sizes = self._files.sizes([path_of(CHUNKS, chunk.blake3) for chunk in wanted])
            self._expect_store_if_none(sizes)
            missing = [chunk for chunk, size in zip(wanted, sizes, strict=True) if size != chunk.size]
            return self._packed.missing(missing) if self._packed and missing else missing

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`."""
        if self._packed:
            self._packed.expect(recipe, chunks)

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`."""
        with self._translated():
            return self._put(path_of(CHUNKS, address), address, data)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`; a damaged chunk is moved to quarantine."""
        path = path_of(CHUNKS, address)
        # Read twice: the transfer may be at fault rather than the chunk.
        for _ in range(2):
            try:
                with self._translated():
                    whole = self._files.read_into(path, view)
            except TransportError as error:
                if isinstance(error.__cause__, NotOrdinary):
                    raise self._quarantined("chunk", path, address, error.__cause__.kind) from error
                if is_missing(error) and self._packed:
                    return self._read_packed(address, view)
                raise self._missing("chunk", address, error) from error
            if whole and blake3_hex(view) == address:
                return None
        raise self._quarantined("chunk", path, address)

    def _read_packed(self, address: str, view: memoryview) -> None:
        assert self._packed
        with self._translated():
            self._packed.read_into(address, view)

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """See `Store.read_chunks`: one after another."""
        self.expect(recipe, chunks)
        failed: list[RegoloError] = []
        fail = on_failure or (lambda _, error: failed.append(error))
        absent = self._without_file(self.missing(chunks))
        for chunk in absent:  # an error of reading it would hold its buffer
            fail(chunk, not_in_store("chunk", chunk.blake3, self.url))
        missing = set(absent)
        for chunk in dict.fromkeys(chunks):
            if chunk not in missing:
                view = new_memory(chunk.size)
                try:
                    self.read_chunk_into(chunk.blake3, view)
                except (NotFound, IntegrityError) as error:
                    fail(chunk, error)
                else:
                    yield chunk, view
        if failed:
            raise failed[0]

    def _without_file(self, chunks: Sequence[RecipeChunk]) -> list[RecipeChunk]:
        """Those of some missing chunks in whose place there is nothing; anything else is damage."""
        with self._translated():
            return [chunk for chunk in chunks if not self._files.exists(path_of(CHUNKS, chunk.blake3))]

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """See `Store.has_recipe`."""
        with self._translated():
            sizes = self._files.sizes([path_of(RECIPES, address.hex)])
            self._expect_store_if_none(sizes)
        return sizes != [None]

    def recipe_names(self) -> set[str]:
        """See `Store.recipe_names`."""
        with self._translated():
            names = {name for name in self._files.names(RECIPES) if not name.endswith(HINTS_SUFFIX)}
            if not names:
                self._expect_store()
            return names

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        """See `Store.absent_recipes`; a pipe or a directory in the place of a recipe is there."""
        paths = [path_of(RECIPES, address.hex) for address in addresses]
        with self._translated():
            sizes = self._files.sizes(paths)
            self._expect_store_if_none(sizes)
            return {
                address
                for address, path, size in zip(addresses, paths, sizes, strict=True)
                if size is None and not self._files.exists(path)
            }

    def put_recipe(self, recipe: Recipe) -> Digest:
        """See `Store.put_recipe`."""
        recipe.check_readable()
        address = recipe.address
        with self._translated():
            self._files.settle()
            self._put(path_of(RECIPES, address.hex), address.hex, recipe.to_bytes())
            self._files.settle()
        return address

    def read_recipe(self, address: Digest) -> Recipe:
        """See `Store.read_recipe`; a damaged recipe is moved to quarantine."""
        path = path_of(RECIPES, address.hex)
        try:
            with self._translated():
                data = self._files.read_range(path, 0, BYTES_LIMIT + 1)
        except TransportError as error:
            if isinstance(error.__cause__, NotOrdinary):
                raise self._quarantined("recipe", path, address.hex, error.__cause__.kind) from error
            raise self._missing("recipe", address.hex, error) from error
        if blake3_hex(data) != address.hex:
            raise self._quarantined("recipe", path, address.hex)
        return Recipe.parse(data)

    # -- taking back ---------------------------------------------------------------------------------------

    @property
    def files(self) -> Files:
        """The files of the store."""
        return self._files

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """See `Files.writer`."""
        with self._translated():
            opened = self._files.writer()
        with opened as writer:
            yield writer

    def remove_chunk(self, address: str) -> None:
        """Removes a chunk that nothing names."""
        with self._translated():
            self._files.remove(path_of(CHUNKS, address))

    def remove_recipe(self, address: str) -> None:
        """Removes a recipe that nothing names."""
        with self._translated():
            self._files.remove(path_of(RECIPES, address))

    # -- temporary files ----------------------------------------------------------------------------------

    def scratch_directory(self) -> Path | None:
        """See `Store.scratch_directory`."""
        with self._translated():
            return self._files.scratch_directory()

    def stale_temporaries(self) -> list[str]:
        """See `Store.stale_temporaries`."""
        with self._translated():
            return sorted(file.path for file in self._files.stale_temporaries())

    def remove_temporary(self, path: str) -> None:
        """See `Store.remove_temporary`."""
        with self._translated():
            self._files.remove(path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raises TransportError for an OSError, StoreAbsent if the store itself is not there (any more)."""
        try:
            with translated(self.url):
                yield
        except TransportError as error:
            if is_missing(error):
                self._expect_store(error)
            raise

    def _expect_store_if_none(self, sizes: Sequence[int | None]) -> None:
        """Tells files that are missing from a store that is missing, such as one that was just unmounted."""
        if all(size is None for size in sizes):
            self._expect_store()

    def _expect_store(self, error: TransportError | None = None) -> None:
        if not self._optional and self._files.sizes([FORMAT_FILE]) == [None]:
            raise absent_store(self.url) from error

    def _missing(self, what: str, address: str, error: TransportError) -> RegoloError:
        if is_missing(error):
            return not_in_store(what, address, self.url)
        return error

    def _put(self, path: str, address: str, data: Data) -> bool:
        try:
            return self._files.put(path, data)
        except IsADirectoryError:  # every other thing in the place of a file is replaced by renaming
            self._set_aside(path, address)
            return self._files.put(path, data)

    def _quarantined(self, what: str, path: str, address: str, state: str = "damaged") -> IntegrityError:
        """Moves a damaged object away, so that the next ingest or fetch can store it again."""
        text = f"{what} '{address}' in the store '{self.url}' is {state}"
        try:
            kept = self._set_aside(path, address)
        except OSError:
            # Another thread moved it first, or the store is read-only: the error is the same.
            return IntegrityError(text, Hint("fsck"))
        return IntegrityError(f"{text}; it was moved to '{kept}'", Hint("fsck"))

    def _set_aside(self, path: str, address: str) -> str:
        kept, number = f"{QUARANTINE}/{address}", 1
        while self._files.exists(kept):
            kept, number = f"{QUARANTINE}/{address}-{number}", number + 1
        self._files.move(path, kept)
        return kept


def _packed_chunks(files: Files) -> "PackedChunks":
    # Its imports would cost every short command, and few stores of clones have packs.
    from regolo_git.store.packs.chunks import PackedChunks  # noqa: PLC0415

    return PackedChunks(files)
