"""Reads many chunks of a recipe with few requests: those in one pack together, several reads at a time."""

from collections.abc import Iterator, Sequence

from regolo_git.errors import IntegrityError, NewerFormat, NotFound
from regolo_git.records.digests import blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Data, Files
from regolo_git.store.packs.ahead import run_ahead
from regolo_git.store.packs.chunks import PackedChunks
from regolo_git.store.packs.hints import Location
from regolo_git.store.packs.reader import PackRead, plan_reads, read_pack
from regolo_git.system_calls import NotOrdinary, new_memory

STRAYS_FROM = 8
Fetched = tuple[RecipeChunk, Data | NotFound | IntegrityError]


class BatchRead:
    """The reads of some chunks of one recipe.  Its methods raise OSError."""

    def __init__(self, files: Files, chunks: PackedChunks) -> None:
        self._files, self._chunks = files, chunks

    def read(self, recipe: Recipe, chunks: Sequence[RecipeChunk], budget: int) -> Iterator[Fetched]:
        """Each chunk, once, with its verified bytes or its error; up to `budget` bytes are held at a time."""
        self._chunks.expect(recipe, ())
        threads = self._files.properties.connections
        for fetched in run_ahead(self._planned(chunks), lambda read: read.size, self._fetch, threads, budget):
            yield from fetched
            del fetched  # see `receive`

    def _planned(self, chunks: Sequence[RecipeChunk]) -> Iterator[PackRead | RecipeChunk]:
        """The reads of the chunks, in the order in which each is first of use."""
        hinted = self._hinted(chunks)
        reads = plan_reads(location for location in hinted.values() if location)
        read_of = {location: number for number, read in enumerate(reads) for location in read.locations}
        begun: set[int] = set()
        for chunk, location in hinted.items():
            if location is None:
                yield chunk
            elif read_of[location] not in begun:
                begun.add(read_of[location])
                yield reads[read_of[location]]

    def _hinted(self, chunks: Sequence[RecipeChunk]) -> dict[RecipeChunk, Location | None]:
        hinted = {chunk: self._chunks.hinted(chunk) for chunk in chunks}
        strays = sorted((chunk for chunk, found in hinted.items() if not found), key=lambda chunk: chunk.size)
        if len(strays) < STRAYS_FROM:
            return hinted
        # One question: they have files, or the hints were lost and the indexes place all of them.
        self._chunks.search_if_packed(strays[0])
        return {chunk: self._chunks.hinted(chunk) for chunk in chunks}

    def _fetch(self, read: PackRead | RecipeChunk) -> list[Fetched]:
        if isinstance(read, RecipeChunk):
            return [self._fetch_alone(read)]
        try:
            stored = read_pack(self._files, read)
        except (FileNotFoundError, NotADirectoryError, NotOrdinary):
            stored = {}
        return [self._verified(location, stored) for location in read.locations]

    def _verified(self, location: Location, stored: dict[str, Data]) -> Fetched:
        entry = location.entry
        try:
            data = entry.decoded(stored.get(entry.chunk, b""))
        except NewerFormat:
            data = b""
        chunk = RecipeChunk(entry.chunk, entry.size)
        return (chunk, data) if blake3_hex(data) == entry.chunk else self._fetch_alone(chunk)

    def _fetch_alone(self, chunk: RecipeChunk) -> Fetched:
        """A chunk, wherever it is in the store."""
        view = new_memory(chunk.size)
        try:
            self._chunks.read_into(chunk.blake3, view)
        except (NotFound, IntegrityError) as error:
            return chunk, error
        return chunk, view
