"""What a shared store is known to have: the chunks of recipes that are in it, and which packs they are in."""

from collections.abc import Iterable

from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.packs.hints import Location
from regolo_git.store.shared import SharedStore
from regolo_git.store.store import Store, find_recipe


class Present:
    """The chunks that a store need not be asked for.  Recipes are read from the source where it has them."""

    def __init__(self, source: Store, target: SharedStore) -> None:
        self._source = source
        self._target = target
        self._vouching: dict[str, Digest | None] = {}  # by chunk; None if it was found by its name
        self._locations: dict[str, Location] = {}
        self._located: set[Digest] = set()

    def __contains__(self, chunk: object) -> bool:
        return chunk in self._vouching

    def add_recipe(self, address: Digest) -> None:
        """Counts on the chunks of a recipe that is in the store."""
        for chunk in self._read(address).chunks:
            self._vouching.setdefault(chunk.blake3, address)

    def add_chunks(self, chunks: Iterable[RecipeChunk]) -> None:
        """Counts on chunks that were found by their names."""
        for chunk in chunks:
            self._vouching.setdefault(chunk.blake3)

    def add_sent(self, recipe: Recipe, locations: Iterable[Location]) -> None:
        """Counts on the chunks of a recipe that was just sent, some of them in packs."""
        self._located.add(recipe.address)
        for chunk in recipe.chunks:
            self._vouching.setdefault(chunk.blake3, recipe.address)
        self._add(locations)

    def locations(self, recipe: Recipe) -> list[Location]:
        """Where the chunks are that a recipe shares with those in the store, if they are in packs."""
        shared = {chunk.blake3 for chunk in recipe.chunks if chunk.blake3 in self}
        vouching = {self._vouching[chunk] for chunk in shared} - self._located
        for address in sorted(filter(None, vouching)):
            self._located.add(address)
            self._add(self._target.read_hints(self._read(address)).locations)
        return [self._locations[chunk] for chunk in sorted(shared) if chunk in self._locations]

    def _read(self, address: Digest) -> Recipe:
        return find_recipe(self._source, address) or self._target.read_recipe(address)

    def _add(self, locations: Iterable[Location]) -> None:
        for location in locations:
            self._locations.setdefault(location.entry.chunk, location)
