"""Reads chunks from packs, those of one pack together.

A pack is read whole if more than half of it is wanted; otherwise the files below read the ranges, and join
those that are near to each other.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from regolo_git.forks import tell_in_child
from regolo_git.records.recipe import CHUNK_LIMIT
from regolo_git.records.store_format import PACKS, path_of
from regolo_git.store.files.contract import Data, Files
from regolo_git.store.packs.hints import Location
from regolo_git.store.packs.pack import INDEX_LIMIT

SPAN_BYTES = CHUNK_LIMIT + INDEX_LIMIT  # what is read of a pack at once, at most
READS_KEPT = 3
LOCKS = 16


class PackRead(NamedTuple):
    """What is read of one pack at once: it whole, or the ranges of some of its chunks."""

    pack: str
    pack_size: int
    locations: tuple[Location, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the pack is read from its start to its end."""
        return self.pack_size <= SPAN_BYTES and 2 * self._wanted > self.pack_size

    @property
    def size(self) -> int:
        """The bytes that it holds in memory, at most."""
        if self.is_whole:
            return self.pack_size
        return max(self.locations[-1].entry.end - self.locations[0].entry.offset, self._wanted)

    @property
    def _wanted(self) -> int:
        return sum(location.entry.length for location in self.locations)


def plan_reads(locations: Iterable[Location]) -> list[PackRead]:
    """The reads that give some chunks, each of at most SPAN_BYTES."""
    ordered = sorted(set(locations), key=lambda found: (found.pack, found.pack_size, found.entry.offset))
    return [
        PackRead(pack, size, tuple(part))
        for (pack, size), group in groupby(ordered, lambda found: found[:2])
        for part in _parts(group)
    ]


def _parts(locations: Iterable[Location]) -> Iterator[list[Location]]:
    part: list[Location] = []
    wanted = 0
    for location in locations:
        entry = location.entry
        wanted += entry.length  # more than the span where chunks overlap, as hostile hints may say
        if part and max(entry.end - part[0].entry.offset, wanted) > SPAN_BYTES:
            yield part
            part, wanted = [], entry.length
        part.append(location)
    yield part


def read_pack(files: Files, read: PackRead) -> dict[str, Data]:
    """The stored bytes of each chunk, cut short if the pack is.  Raises OSError."""
    path = path_of(PACKS, read.pack)
    entries = [location.entry for location in read.locations]
    if read.is_whole:
        whole = memoryview(files.read_range(path, 0, read.pack_size))
        return {entry.chunk: whole[entry.offset : entry.end] for entry in entries}
    parts = files.read_ranges(path, [(entry.offset, entry.length) for entry in entries])
    return {entry.chunk: part for entry, part in zip(entries, parts, strict=True)}


class RecentReads:
    """Gives single chunks, and keeps what the last few reads gave besides until somebody takes it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._recent: list[dict[str, Data]] = []
        self.after_fork()
        tell_in_child(self)

    def after_fork(self) -> None:
        """See `Forked.after_fork`: other threads of the parent may hold the locks."""
        self._lock = threading.Lock()
        self._reading = [threading.Lock() for _ in range(LOCKS)]

    def stored(self, location: Location, expected: Callable[[str], Iterable[Location]]) -> Data:
        """The stored bytes of a chunk, read with those that are `expected` from its pack.  Raises OSError."""
        # A reader of another chunk of the same pack waits, and then finds it.
        with self._reading[int(location.pack[:8], 16) % LOCKS]:
            found = self._taken(location.entry.chunk)
            if found is None:
                read = next(
                    r for r in plan_reads([location, *expected(location.pack)]) if location in r.locations
                )
                chunks = read_pack(self._files, read)
                found = chunks.pop(location.entry.chunk)
                self._keep(chunks)
            return found

    def _taken(self, chunk: str) -> Data | None:
        with self._lock:
            holding = next((chunks for chunks in self._recent if chunk in chunks), {})
            found = holding.pop(chunk, None)
            if found is not None and not holding:
                self._recent.remove(holding)
            return found

    def _keep(self, chunks: dict[str, Data]) -> None:
        with self._lock:
            self._recent = [*self._recent, chunks][-READS_KEPT:] if chunks else self._recent
