"""Finds the pack of a chunk: from the hints of recipes first, then from the indexes of all packs.

Hints are read when a chunk of their recipe is looked for, and once more if it is not where they say.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from regolo_git.errors import IntegrityError
from regolo_git.forks import tell_in_child
from regolo_git.records.digests import HEX, Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.records.store_format import PACKS, hints_path, path_of
from regolo_git.store.files.at_once import at_once
from regolo_git.store.files.contract import Files, StoredFile
from regolo_git.store.packs.hints import Location, PackHints
from regolo_git.store.packs.pack import TAIL_BYTES, index_length, parse_index

RECIPES_KEPT = 4
INDEX_GUESS = 64 << 10  # bytes from the end of a pack, which hold the index of most
INDEX_READS = 3
# Of a recipe, more hints than this for each chunk are not ours.
HINT_BYTES = 512


class _Known:
    """A recipe, which of its chunks are expected, and the packs that its hints name."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.chunks = {chunk.blake3: chunk.size for chunk in recipe.chunks}
        self.by_chunk: dict[str, Location] | None = None
        self.by_pack: dict[str, list[Location]] = {}
        self.expected: set[str] = set()
        self.fresh = False

    def learn(self, hints: PackHints) -> None:
        """Takes the hints over that can be true of the recipe."""
        self.by_chunk, by_pack = {}, defaultdict(list)
        for location in hints.locations:
            if self.chunks.get(location.entry.chunk) == location.entry.size:
                self.by_chunk[location.entry.chunk] = location
                by_pack[location.pack].append(location)
        self.by_pack = by_pack


class Locations:
    """Where chunks are in the packs of one store; may be used from several threads at once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: OrderedDict[Digest, _Known] = OrderedDict()
        self._searched: dict[str, Location] | None = None
        self.after_fork()
        tell_in_child(self)

    def after_fork(self) -> None:
        """See `Forked.after_fork`: another thread of the parent may hold the lock."""
        self._lock = threading.RLock()

    def taken(self, address: str) -> None:
        """Tells that a chunk has been read: it is not expected any more."""
        with self._lock:
            for known in self._known.values():
                known.expected.discard(address)

    def covers(self, address: str) -> bool:
        """Whether a recipe that is expected has the chunk."""
        with self._lock:
            return any(address in known.chunks for known in self._known.values())

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """Tells that chunks of this recipe will be looked for, these soon; asks the store nothing."""
        with self._lock:
            known = self._known.get(recipe.address) or _Known(recipe)
            known.expected, known.fresh = {chunk.blake3 for chunk in chunks}, False
            self._known[recipe.address] = known
            self._known.move_to_end(recipe.address)
            if len(self._known) > RECIPES_KEPT:
                self._known.popitem(last=False)
            self._searched = None

    def hinted(self, address: str) -> Location | None:
        """The location of a chunk by the hints of the recipes that are expected, or by an earlier search."""
        with self._lock:
            hinted = (hints[address] for hints in self._hints_of(address) if address in hints)
            return next(hinted, None) or (self._searched or {}).get(address)

    def hinted_again(self, address: str) -> Location | None:
        """The same, from hints that are read once more; None if they were."""
        with self._lock:
            stale = [known for known in self._known.values() if address in known.chunks and not known.fresh]
            for known in stale:
                known.learn(read_hints(self._files, known.recipe))
                known.fresh = True
            return self.hinted(address) if stale else None

    def expected_in(self, pack: str) -> list[Location]:
        """The chunks that are expected, and in this pack by the hints that have been read."""
        with self._lock:
            return [
                location
                for known in self._known.values()
                for location in known.by_pack.get(pack, ())
                if location.entry.chunk in known.expected
            ]

    def searched(self, address: str) -> Location | None:
        """The location of a chunk by the indexes of all packs, read once for all chunks that are expected."""
        with self._lock:
            if not self.covers(address):
                return search_if_listed(self._files, {address}).get(address)
            if self._searched is None:
                every = {chunk for known in self._known.values() for chunk in known.chunks}
                self._searched = search_if_listed(self._files, every)
            return self._searched.get(address)

    def _hints_of(self, address: str) -> Iterator[dict[str, Location]]:
        for known in reversed(self._known.values()):
            if address in known.chunks:
                if known.by_chunk is None:
                    known.learn(read_hints(self._files, known.recipe))
                yield known.by_chunk or {}


def read_hints(files: Files, recipe: Recipe) -> PackHints:
    """The hints of a recipe; none if there are none, or none that can be read.  Raises OSError."""
    limit = HINT_BYTES * (1 + len(recipe.chunks))
    with suppress(FileNotFoundError, NotADirectoryError, IntegrityError):
        return PackHints.parse(files.read_range(hints_path(recipe.address.hex), 0, limit))
    return PackHints()


def search(files: Files, wanted: Collection[str]) -> dict[str, Location]:
    """The locations of some chunks, from the index of every pack.

    Raises OSError, such as a PermissionError where the store may not be listed.
    """
    packs = [file for file in files.walk(PACKS) if HEX.fullmatch(file.path.rpartition("/")[2])]

    def read(pack: StoredFile) -> list[Location]:
        return [location for location in _indexed(files, pack) if location.entry.chunk in wanted]

    found = at_once(read, packs, files.properties.connections)
    return {location.entry.chunk: location for locations in found for location in locations}


def search_if_listed(files: Files, wanted: Collection[str]) -> dict[str, Location]:
    """The same; nothing where the packs cannot be listed.  Raises OSError."""
    if not files.properties.lists:
        return {}
    try:
        return search(files, wanted)
    except PermissionError:
        return {}


def _indexed(files: Files, pack: StoredFile) -> Iterable[Location]:
    """What a pack says to hold; nothing if it has been removed, or is not one, however often it is read."""
    for _ in range(INDEX_READS):
        with suppress(FileNotFoundError, IntegrityError):
            return read_index(files, pack.path.rpartition("/")[2], pack.size)
    return ()


def read_index(files: Files, pack: str, size: int) -> list[Location]:
    """The locations of the chunks of a pack.  Raises IntegrityError, OSError."""
    path = path_of(PACKS, pack)
    guess = min(size, INDEX_GUESS)
    end = files.read_range(path, size - guess, guess)
    length = index_length(end[-TAIL_BYTES:], size)
    body = size - TAIL_BYTES - length
    if length + TAIL_BYTES > guess:
        end = files.read_range(path, body, length + TAIL_BYTES)
    index = end[len(end) - TAIL_BYTES - length : -TAIL_BYTES]
    return [Location(pack, size, entry) for entry in parse_index(index, body)]
