"""Where the chunks of a recipe are in packs: `recipes/ab/<address>.packs`, beside the recipe.

It is a hint, not a truth: it may be replaced, out of date or missing.  Every reader verifies the chunk, and
looks for it elsewhere if it is not where the hint says.  A plain web server can so serve a store, which lists
nothing.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.records.tables import check_format
from regolo_git.store.packs.pack import Entry, Pack, address, canonical, count, read_entries

FORMAT = 1


class Location(NamedTuple):
    """A chunk in a pack of `pack_size` bytes."""

    pack: str
    pack_size: int
    entry: Entry


class PackHints(NamedTuple):
    """Where chunks are, one location for each, sorted by pack and offset."""

    locations: tuple[Location, ...] = ()

    @classmethod
    def of(cls, locations: Iterable[Location]) -> Self:
        """Hints of some locations; the first one of a chunk counts."""
        first: dict[str, Location] = {}
        for location in locations:
            first.setdefault(location.entry.chunk, location)
        return cls(tuple(sorted(first.values(), key=lambda found: (*found[:2], found.entry.offset))))

    def to_bytes(self) -> bytes:
        """The canonical bytes of the file."""
        packs: list[Json] = [
            {"entries": [list(location.entry) for location in group], "pack": pack, "size": size}
            for (pack, size), group in groupby(self.locations, lambda found: found[:2])
        ]
        return canonical({"format": FORMAT, "packs": packs})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parses the file.  Raises IntegrityError, NewerFormat."""
        try:
            reader = JsonReader.parse(data, "a list of packs")
            check_format(reader.get("format", int), FORMAT, reader.what)
            return cls.of(location for pack in reader.objects("packs") for location in _read_pack(pack))
        except InvalidInput as error:
            raise IntegrityError(error.message) from error


def locations_in(pack: Pack) -> list[Location]:
    """The locations of the chunks of a new pack."""
    return [Location(pack.name, len(pack.data), entry) for entry in pack.entries]


def _read_pack(reader: JsonReader) -> list[Location]:
    name, size = address(reader, "pack"), count(reader, "size")
    locations = [Location(name, size, entry) for entry in read_entries(reader)]
    if any(location.entry.end > size for location in locations):
        raise reader.wrong("entries", "extends past the end of the pack")
    return locations
