"""Reads chunks of a store wherever they are: in a pack that hints name, in their own file, or in any pack.

Every chunk is verified.  One that does not match its name is read again, because the transfer may be at
fault, and then looked for elsewhere.  Nothing in the store is changed.
"""

from collections.abc import Iterable, Iterator

from regolo_git.errors import IntegrityError, NewerFormat, RegoloError
from regolo_git.hints import Hint
from regolo_git.records.digests import blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.records.store_format import CHUNKS, PACKS, path_of
from regolo_git.store.files.contract import Data, Files
from regolo_git.store.packs.hints import Location
from regolo_git.store.packs.locations import Locations, search, search_if_listed
from regolo_git.store.packs.plan import PACKED_BELOW
from regolo_git.store.packs.reader import RecentReads
from regolo_git.store.store import not_in_store
from regolo_git.system_calls import NotOrdinary

CHECK_IT = Hint("fsck", "--shared", "--full")  # `fsck` alone reads nothing of a shared store
Source = Location | None  # a part of a pack, or the chunk's own file


class PackedChunks:
    """The chunks of one store; may be used from several threads at once.  Its methods raise OSError."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._recent = RecentReads(files)
        self._locations = Locations(files)

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`."""
        self._locations.expect(recipe, chunks)

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """See `Store.missing`."""
        wanted = list(dict.fromkeys(chunks))
        packed = self._in_packs_by_hints(wanted)
        left = [chunk for chunk in wanted if chunk not in packed]
        sizes = self._files.sizes([path_of(CHUNKS, chunk.blake3) for chunk in left])
        left = [chunk for chunk, size in zip(left, sizes, strict=True) if size != chunk.size]
        indexed = self._indexed({chunk.blake3 for chunk in left if _is_packable(chunk.size)})
        return [chunk for chunk in left if indexed.get(chunk.blake3) != chunk.size]

    def read_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`."""
        problem: RegoloError | None = None
        for source in self._sources(RecipeChunk(address, len(view))):
            try:
                if self._is_read(source, address, view):
                    return
                problem = self._damaged(address, source)
            except NotOrdinary as error:
                problem = self._damaged(address, source, error.kind)
            except NewerFormat as error:
                problem = error
            except (FileNotFoundError, NotADirectoryError):
                continue
        raise problem or not_in_store("chunk", address, self._files.url)

    def hinted(self, chunk: RecipeChunk) -> Location | None:
        """Where the hints of the recipes that are expected place a chunk."""
        found = self._locations.hinted(chunk.blake3) if _is_packable(chunk.size) else None
        return found if found and found.entry.size == chunk.size else None

    def search_if_packed(self, chunk: RecipeChunk) -> None:
        """Finds a chunk that nothing hints at, and all others that are expected, if it has no file."""
        if _is_packable(chunk.size) and self._files.sizes([path_of(CHUNKS, chunk.blake3)]) == [None]:
            self._locations.hinted_again(chunk.blake3)
            self._locations.searched(chunk.blake3)

    def _sources(self, chunk: RecipeChunk) -> Iterator[Source]:
        """Where a chunk may be, the likeliest first; what costs more requests is asked when it is needed."""
        hinted = self.hinted(chunk)
        if hinted:
            yield hinted
            yield from _other(self._locations.hinted_again(chunk.blake3), hinted)
        yield None
        if _is_packable(chunk.size):
            if not hinted:
                yield from _other(self._locations.hinted_again(chunk.blake3), hinted)
            yield from _other(self._locations.searched(chunk.blake3), hinted)

    def _is_read(self, source: Source, address: str, view: memoryview) -> bool:
        return any(
            self._is_filled(source, address, view, again) and blake3_hex(view) == address
            for again in (False, True, True)
        )

    def _is_filled(self, source: Source, address: str, view: memoryview, again: bool) -> bool:
        """Fills the view, `again` without what was read before; False if the bytes have another size."""
        if source is None:
            return self._files.read_into(path_of(CHUNKS, address), view)
        entry = source.entry
        if again:
            stored: Data = self._files.read_range(path_of(PACKS, source.pack), entry.offset, entry.length)
        else:
            stored = self._recent.stored(source, self._locations.expected_in)
            self._locations.taken(address)
        data = entry.decoded(stored)
        if len(data) != len(view):
            return False
        view[:] = data
        return True

    def _damaged(self, address: str, source: Source, state: str = "damaged") -> IntegrityError:
        place = f" in pack '{source.pack}'" if source else ""
        return IntegrityError(
            f"chunk '{address}'{place} of the store '{self._files.url}' is {state}", CHECK_IT
        )

    def _indexed(self, chunks: set[str]) -> dict[str, int]:
        """The sizes of the chunks that are in packs by the indexes."""
        if not chunks:
            return {}
        # Where nothing is listed, readers find a chunk by hints alone; without any, nobody can tell.
        hinted = all(self._locations.covers(chunk) for chunk in chunks)
        found = (search_if_listed if hinted else search)(self._files, chunks)
        return {chunk: location.entry.size for chunk, location in found.items()}

    def _in_packs_by_hints(self, chunks: Iterable[RecipeChunk]) -> set[RecipeChunk]:
        """The chunks that hints place in packs that are there."""
        hinted = {chunk: self.hinted(chunk) for chunk in chunks}
        packs = sorted({(found.pack, found.pack_size) for found in hinted.values() if found})
        sizes = self._files.sizes([path_of(PACKS, pack) for pack, _ in packs])
        there = {pack for pack, size in zip(packs, sizes, strict=True) if pack[1] == size}
        return {chunk for chunk, found in hinted.items() if found and found[:2] in there}


def _is_packable(size: int) -> bool:
    """Whether chunks of a size may be in packs: no others are looked for there."""
    return size < PACKED_BELOW


def _other(found: Location | None, known: Location | None) -> Iterator[Location]:
    if found and found != known:
        yield found
