"""The protocol of a store: chunks and recipes, named by the BLAKE3 of their bytes.

Stored objects never change.  Writers put chunks before the recipe that names them, so in a shared store a
recipe's chunks are there.  A clone's own store may have a recipe without them.  Every byte is verified before
it is returned.

`loose.py` has each chunk and recipe in its own file.  A wrapper that counts calls, or reads one store before
another, implements the same protocol.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from regolo_git.errors import NotFound, RegoloError
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Data

OnFailure = Callable[[RecipeChunk, RegoloError], None]


class Store(Protocol):
    """One store; may be used from several threads at once.

    Every method raises TransportError if the store cannot be reached or written.
    """

    @property
    def url(self) -> str:
        """The store's path, or its URL as given."""
        ...

    @property
    def connections(self) -> int:
        """The useful number of concurrent calls."""
        ...

    # -- chunks -------------------------------------------------------------------------------------------

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """The chunks that are not in the store with their size, each once; no bytes are read."""
        ...

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """Tells that chunks of a recipe will be read, and `chunks` of them soon.

        A store that has chunks in packs then finds them, and reads them together.  Asks the store nothing.
        """
        ...

    def put_chunk(self, address: str, data: Data) -> bool:
        """Stores a chunk whose BLAKE3 the caller has computed; False if it is known to have been there.

        It is durable once a recipe is put.  An error leaves nothing behind.
        """
        ...

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """Fills the view, which has the chunk's size, with its verified bytes.

        Raises NotFound if the chunk is missing, IntegrityError if its bytes do not match its name.
        """
        ...

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """The verified bytes of chunks of a recipe, each once, with few requests.

        `on_failure` gets each chunk that is missing or damaged, with its error; without it, the first of the
        errors is raised after all other chunks were given.  Raises TransportError at once.
        """
        ...

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """Whether a recipe is there; it is not read."""
        ...

    def recipe_names(self) -> set[str]:
        """The address of every recipe that is there, in hex; none is read."""
        ...

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        """Those of some recipes that are not there: reading one raises NotFound."""
        ...

    def put_recipe(self, recipe: Recipe) -> Digest:
        """Stores a recipe, and returns once it and all chunks put before are durable.

        Raises InvalidInput for a recipe that could not be read again.
        """
        ...

    def read_recipe(self, address: Digest) -> Recipe:
        """A recipe, verified.

        Raises NotFound if it is missing, IntegrityError if it does not match its name or is malformed.
        """
        ...

    # -- temporary files ----------------------------------------------------------------------------------

    def scratch_directory(self) -> Path | None:
        """A directory on the store's own disk for unnamed files; None if the store is remote."""
        ...

    def stale_temporaries(self) -> list[str]:
        """Paths in the store of files that killed writers left."""
        ...

    def remove_temporary(self, path: str) -> None:
        """Removes one of `stale_temporaries`."""
        ...


def not_in_store(what: str, address: str, url: str) -> NotFound:
    """The error for a chunk or a recipe that a store lacks."""
    return NotFound(f"{what} '{address}' is missing from the store '{url}'", Hint("fsck"))


def find_recipe(store: Store, address: Digest) -> Recipe | None:
    """A recipe, verified; None if the store lacks it.  Raises IntegrityError as `read_recipe` does."""
    return store.read_recipe(address) if store.has_recipe(address) else None


def has_whole(store: Store, address: Digest) -> bool:
    """Whether a store has a recipe and all of its chunks.  Raises IntegrityError as `read_recipe` does."""
    recipe = find_recipe(store, address)
    return recipe is not None and not store.missing(recipe.chunks)
