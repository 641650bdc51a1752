"""A store that several clones use: chunks and recipes in their own files, and small chunks in packs.

    format.toml              the store's format, with the feature `packs` before the first pack
    chunks/ab/abcdef…        one chunk, raw
    packs/ab/abcdef…         one pack (`packs/pack.py`)
    recipes/ab/abcdef…       one recipe
    recipes/ab/abcdef….packs where its chunks are in packs (`packs/hints.py`)

It implements `Store` (`store.py`).  Reading never changes it: what is damaged is named and stays.  A writer
stores chunks and packs, then hints, then the recipe.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from regolo_git.errors import IntegrityError, RegoloError, StoreAbsent, TransportError
from regolo_git.hints import Hint
from regolo_git.records.digests import HEX, Digest, blake3_hex
from regolo_git.records.recipe import BYTES_LIMIT, CHUNK_LIMIT, Recipe, RecipeChunk
from regolo_git.records.store_format import (
    CHUNKS,
    FORMAT_FILE,
    PACKS,
    PACKS_FEATURE,
    RECIPES,
    StoreFormat,
    hints_path,
    path_of,
)
from regolo_git.store.feature import Confirm, FeatureWriter, decline
from regolo_git.store.files.contract import Data, Files, Writer
from regolo_git.store.locate import absent_store, create_format, is_missing, read_format
from regolo_git.store.packs.batch import BatchRead
from regolo_git.store.packs.chunks import CHECK_IT, PackedChunks
from regolo_git.store.packs.hints import Location, PackHints, locations_in
from regolo_git.store.packs.locations import read_hints
from regolo_git.store.packs.pack import Pack
from regolo_git.store.store import OnFailure, not_in_store
from regolo_git.store.translate import translated
from regolo_git.system_calls import NotOrdinary

READS = 3
READ_BUDGET = 3 * CHUNK_LIMIT
# From this many on, recipes are looked for in one list rather than each by its name.
LIST_FROM = 256


class SharedStore:
    """One store; may be used from several threads at once."""

    def __init__(self, files: Files, form: StoreFormat, confirm: Confirm = decline) -> None:
        self._files = files
        self._chunks = PackedChunks(files)
        self._packs_feature = FeatureWriter(files, form, PACKS_FEATURE, confirm)

    @classmethod
    def open(cls, files: Files, confirm: Confirm = decline) -> Self:
        """Opens the store; `confirm` is asked before it is made one that 0.1 cannot read.

        Raises StoreAbsent, NewerFormat, IntegrityError, TransportError.
        """
        try:
            return cls(files, read_format(files), confirm)
        except StoreAbsent as error:
            raise _absent(files.url) from error

    @classmethod
    def create(cls, files: Files) -> bool:
        """Creates a store that may have packs; False if one was there.  Raises TransportError."""
        return create_format(files, StoreFormat().with_feature(PACKS_FEATURE))

    @property
    def url(self) -> str:
        """See `Store.url`."""
        return self._files.url

    @property
    def files(self) -> Files:
        """The files of the store."""
        return self._files

    @property
    def connections(self) -> int:
        """See `Store.connections`."""
        return self._files.properties.connections

    # -- reading ------------------------------------------------------------------------------------------

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`."""
        self._chunks.expect(recipe, chunks)

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """See `Store.missing`; of small chunks that nothing hints at, the indexes of all packs are asked."""
        with translated(self.url):
            return self._chunks.missing(chunks)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`; a damaged chunk stays where it is."""
        with translated(self.url):
            self._chunks.read_into(address, view)

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """See `Store.read_chunks`."""
        failed: list[RegoloError] = []
        with translated(self.url):
            for chunk, fetched in BatchRead(self._files, self._chunks).read(recipe, chunks, READ_BUDGET):
                if not isinstance(fetched, RegoloError):
                    yield chunk, fetched
                elif on_failure:
                    on_failure(chunk, fetched)
                else:
                    failed.append(fetched)
                del fetched  # see `receive`
        if failed:
            raise failed[0]

    def has_recipe(self, address: Digest) -> bool:
        """See `Store.has_recipe`."""
        with translated(self.url):
            return self._files.sizes([path_of(RECIPES, address.hex)]) != [None]

    def recipe_names(self) -> set[str]:
        """See `Store.recipe_names`."""
        with translated(self.url):
            names = {name for name in self._files.names(RECIPES) if HEX.fullmatch(name)}
        if not names:
            self._expect_store()
        return names

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        """See `Store.absent_recipes`."""
        if len(addresses) >= LIST_FROM and self._files.properties.lists:
            names = self.recipe_names()
            return {address for address in addresses if address.hex not in names}
        with translated(self.url):
            sizes = self._files.sizes([path_of(RECIPES, address.hex) for address in addresses])
        return {address for address, size in zip(addresses, sizes, strict=True) if size is None}

    def read_recipe(self, address: Digest) -> Recipe:
        """See `Store.read_recipe`; it is read again before it is called damaged."""
        for _ in range(READS):
            data = self._recipe_bytes(address)
            if blake3_hex(data) == address.hex:
                return Recipe.parse(data)
        raise self._damaged(address, "damaged")

    def read_hints(self, recipe: Recipe) -> PackHints:
        """Where the chunks of a recipe are in packs, as far as its hints can be read."""
        with translated(self.url):
            return read_hints(self._files, recipe)

    # -- writing ------------------------------------------------------------------------------------------

    def prepare_packs(self) -> None:
        """Makes the store one that may have packs, after a question if it is not.

        Raises Conflict if the answer is no.  Called before anything is sent, so that nobody is asked later.
        """
        with translated(self.url):
            self._packs_feature.ensure()

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`; it is sent without asking whether it is there, in one request."""
        with translated(self.url):
            self._files.write(path_of(CHUNKS, address), data)
        return True

    def has_pack(self, pack: Pack) -> bool:
        """Whether a pack is there, asked by its name; its bytes are not read."""
        with translated(self.url):
            return self._files.sizes([path_of(PACKS, pack.name)]) == [len(pack.data)]

    def put_pack(self, pack: Pack) -> list[Location]:
        """Stores a pack; returns where its chunks are.  Raises Conflict as `prepare_packs` does."""
        self.prepare_packs()
        with translated(self.url):
            self._files.write(path_of(PACKS, pack.name), memoryview(pack.data))
        return locations_in(pack)

    def put_hints(self, recipe: Recipe, locations: Iterable[Location]) -> None:
        """Stores where chunks of a recipe are in packs, before the recipe itself; nothing if none is."""
        hints = PackHints.of(locations)
        if hints.locations:
            with translated(self.url):
                self._files.write(hints_path(recipe.address.hex), hints.to_bytes())

    def put_recipe(self, recipe: Recipe) -> Digest:
        """See `Store.put_recipe`."""
        recipe.check_readable()
        with translated(self.url):
            self._packs_feature.check()
            self._files.settle()
            self._files.write(path_of(RECIPES, recipe.address.hex), recipe.to_bytes())
            self._files.settle()
        return recipe.address

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """See `Files.writer`; a push holds it, and counts on what it found before it names anything."""
        with translated(self.url):
            opened = self._files.writer()
        with opened as writer:
            yield writer

    # -- temporary files ----------------------------------------------------------------------------------

    def scratch_directory(self) -> Path | None:
        """See `Store.scratch_directory`: reading creates nothing in a store that others share."""
        return None

    def stale_temporaries(self) -> list[str]:
        """See `Store.stale_temporaries`."""
        with translated(self.url):
            return sorted(file.path for file in self._files.stale_temporaries())

    def remove_temporary(self, path: str) -> None:
        """See `Store.remove_temporary`."""
        with translated(self.url):
            self._files.remove(path)

    def _recipe_bytes(self, address: Digest) -> bytes:
        try:
            with translated(self.url):
                return self._files.read_range(path_of(RECIPES, address.hex), 0, BYTES_LIMIT + 1)
        except TransportError as error:
            if isinstance(error.__cause__, NotOrdinary):
                raise self._damaged(address, error.__cause__.kind) from error
            if is_missing(error):
                self._expect_store(error)
                raise not_in_store("recipe", address.hex, self.url) from error
            raise

    def _expect_store(self, error: TransportError | None = None) -> None:
        """Tells a file that is missing from a store that is missing, such as one that was just unmounted."""
        with translated(self.url):
            there = self._files.sizes([FORMAT_FILE]) != [None]
        if not there:
            raise _absent(self.url) from error

    def _damaged(self, address: Digest, state: str) -> IntegrityError:
        return IntegrityError(f"recipe '{address.hex}' in the store '{self.url}' is {state}", CHECK_IT)


def _absent(url: str) -> StoreAbsent:
    """The error for a shared store that is not there, with the setting that names another one."""
    elsewhere = Hint("config", "store.url", "URL")
    hint = elsewhere if "://" in url else f"mount it, or say where it is now: {elsewhere}"
    return StoreAbsent(absent_store(url).message, hint)
