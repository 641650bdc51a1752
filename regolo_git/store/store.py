"""What a store promises: chunks and recipes under the BLAKE3 of their bytes.

Nothing is ever changed under its name.  Writers put chunks first, then the recipe that names them, so whoever
sees a recipe finds its chunks.  Every byte is verified before a caller sees it.

`loose.py` keeps each chunk and recipe in a file of its own.  What counts, or reads one store before another,
wraps stores and is one itself.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Data


class Store(Protocol):
    """One store; may be used from several threads at once.

    Every verb raises TransportError where the store cannot be reached or does not take what it is given.
    """

    @property
    def url(self) -> str:
        """Where it is: a path, or the URL as it was given."""
        ...

    @property
    def connections(self) -> int:
        """How many calls at once are useful."""
        ...

    # -- chunks -------------------------------------------------------------------------------------------

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """Those of the chunks, each once, that are not there with their size; their bytes are not read."""
        ...

    def put_chunk(self, address: str, data: Data) -> bool:
        """Stores a chunk whose BLAKE3 the caller has computed; False if it was there.

        It outlives a power cut once a recipe is put.  On an error nothing is left behind.
        """
        ...

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """Fills the view, which is as long as the chunk, with its verified bytes.

        Raises NotFound where the chunk is missing, IntegrityError where it is not what its name says.
        """
        ...

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """Whether a recipe is there; it is not read."""
        ...

    def put_recipe(self, recipe: Recipe) -> Digest:
        """Stores a recipe, and returns once it and all chunks put before would outlive a power cut.

        Raises InvalidInput for one that could not be read again.
        """
        ...

    def read_recipe(self, address: Digest) -> Recipe:
        """A recipe, verified.

        Raises NotFound where it is missing, IntegrityError where it is not what its name says or makes no
        sense.
        """
        ...

    # -- what is being written, and what interrupted writers left -----------------------------------------

    def scratch_directory(self) -> Path | None:
        """A directory on the store's own disk for unnamed files; None where the store is elsewhere."""
        ...

    def stale_temporaries(self) -> list[str]:
        """Paths in the store of files that a killed writer left."""
        ...

    def remove_temporary(self, path: str) -> None:
        """Removes one of `stale_temporaries`."""
        ...


def find_recipe(store: Store, address: Digest) -> Recipe | None:
    """A recipe, verified; None if the store lacks it.  Raises IntegrityError as `read_recipe` does."""
    return store.read_recipe(address) if store.has_recipe(address) else None
