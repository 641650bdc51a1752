"""What one artifact adds to a store, taken back if the artifact is not stored or named after all.

As soon as a chunk or a recipe is in a store, another writer may find it there, not write it again, and count
on it.  So each writer holds a lock of the store that others share.  One that fails takes back what it added
only if it gets the lock for itself, and if nobody has counted on anything since it began; otherwise what it
added stays until the store is cleaned, and a notice says how much that is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from regolo_git.errors import RegoloError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe
from regolo_git.store.files.contract import Data, Files, Writer
from regolo_git.store.loose import LooseStore
from regolo_git.store.translate import translated
from regolo_git.text.sizes import size_text


class NewContent(LooseStore):
    """A store that keeps in mind what it did not have before."""

    def __init__(self, files: Files, writer: Writer, *, has_packs: bool = False) -> None:
        super().__init__(files, has_packs=has_packs)
        self._writer = writer
        self._chunks: dict[str, int] = {}
        self._recipes: list[Digest] = []
        self._kept = False

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`."""
        new = super().put_chunk(address, data)
        if new:
            self._chunks[address] = len(data)
        return new

    def put_recipe(self, recipe: Recipe) -> Digest:
        """See `Store.put_recipe`."""
        if not self.has_recipe(recipe.address):
            self._recipes.append(recipe.address)
        return super().put_recipe(recipe)

    def count_on_it(self) -> None:
        """Called before anything names the content: from now on it, and what it shares, is counted on."""
        with translated(self.url):
            self._writer.count_on_it()

    def keep(self, kept: bool) -> None:
        """Whether everything is kept, even if the block fails."""
        self._kept = kept

    @property
    def is_kept(self) -> bool:
        """Whether a version may name it."""
        return self._kept

    def take_back(self) -> int:
        """Removes what was added if nobody can count on it; returns the bytes that stay."""
        if self._kept or not (self._chunks or self._recipes) or not self._writer.is_alone():
            return sum(self._chunks.values())
        for recipe in self._recipes:  # before the chunks that it names
            self._removed(self.remove_recipe, recipe.hex)
        return sum(
            size for address, size in self._chunks.items() if not self._removed(self.remove_chunk, address)
        )

    @staticmethod
    def _removed(remove: Callable[[str], None], address: str) -> bool:
        try:
            remove(address)
        except RegoloError:
            return False
        return True


@contextmanager
def new_content(store: LooseStore, on_notice: Callable[[str], None]) -> Iterator[NewContent]:
    """The store for one artifact; if the block fails, what was added is taken back or named in a notice."""
    with store.writer() as writer:
        content = NewContent(store.files, writer, has_packs=store.has_packs)
        try:
            yield content
        except BaseException:
            left = content.take_back()
            if left:
                on_notice(f"{size_text(left)} of new content stay in the store until it is cleaned")
            raise
