"""A small cleaning of a store, as the page on formats describes it, in steps that a test can interrupt."""

from collections.abc import Iterator

from regolo_git.records.condemned_list import DELETING, CondemnedList
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_format import CHUNKS, PACKS, RECIPES, RECORDS, hints_path, path_of
from regolo_git.records.store_record import BYTES_LIMIT, RecordName, StoreRecord
from regolo_git.store.files.contract import Files
from regolo_git.store.loose import LooseStore
from regolo_git.store.packs.hints import Location
from regolo_git.store.records import CONDEMNED
from regolo_git.store.shared import SharedStore

LIST = f"{CONDEMNED}/20261127T000000000000Z-0000000000000000.json"


class Changed(Exception):
    """The records changed while they were read."""


class FakeCleaning:
    """Cleans for a registry that itself needs nothing: only records keep what is in the store."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._store = LooseStore(files)
        self.deleted: list[str] = []

    def steps(self) -> Iterator[str]:
        """Condemns and then deletes; each item is one request."""
        yield from self.condemn()
        yield from self.delete()

    def condemn(self) -> Iterator[str]:
        found = []
        for directory in (RECIPES, CHUNKS, PACKS):
            found += [file.path for file in self._files.walk(directory)]
            yield f"list {directory}"
        needed = yield from self._needed()
        if needed is None:
            return
        condemned = CondemnedList(tuple(sorted(set(found) - needed)))
        self._files.create(LIST, condemned.to_bytes())
        yield "write the list"

    def delete(self) -> Iterator[str]:
        if not self._files.exists(LIST):
            return
        self._files.create(f"{LIST}{DELETING}", b"")
        yield "mark the list"
        needed = yield from self._needed()
        condemned = CondemnedList.parse(self._files.read_range(LIST, 0, 1 << 20)).paths
        # A recipe before its chunks: whoever finds it may count on them.
        for path in sorted(condemned, reverse=True) if needed is not None else ():
            if path not in needed:
                self._files.remove(path)
                self.deleted.append(path)
                yield f"delete {path}"
        self._files.remove(LIST)
        yield "remove the list"
        self._files.remove(f"{LIST}{DELETING}")
        yield "remove the mark"

    def _needed(self) -> "Iterator[str]":
        """The paths that records need; None if nothing may be deleted."""
        while True:
            try:
                return (yield from self._read_needed())
            except Changed:
                continue

    def _read_needed(self) -> "Iterator[str]":
        paths = [file.path for file in self._files.walk(RECORDS)]
        yield "list the records"
        records: dict[str, StoreRecord] = {}
        for path in paths:
            records[path] = self._read(path)
            yield f"read {path}"
        needed: set[str] = set()
        for path, record in records.items():
            if record.kind == "intent" and self._is_settled(path, records):
                continue
            if record.kind in ("kept", "all") and self._is_replaced(path, records):
                continue
            for address in record.recipes:
                digest = Digest("blake3", address)
                there = self._store.has_recipe(digest)
                yield f"look for {address}"
                if there:
                    recipe = self._store.read_recipe(digest)
                    needed |= {path_of(RECIPES, address), hints_path(address)}
                    needed |= {path_of(CHUNKS, chunk.blake3) for chunk in recipe.chunks}
                    needed |= {path_of(PACKS, location.pack) for location in self._hints(recipe)}
                elif record.kind == "intent":
                    return None
        return needed

    def _hints(self, recipe: Recipe) -> tuple[Location, ...]:
        return SharedStore.open(self._files).read_hints(recipe).locations

    def _read(self, path: str) -> StoreRecord:
        try:
            return StoreRecord.parse(self._files.read_range(path, 0, BYTES_LIMIT))
        except FileNotFoundError:
            raise Changed from None

    def _is_settled(self, path: str, records: dict[str, StoreRecord]) -> bool:
        directory, _, name = path.rpartition("/")
        intent = RecordName.parse(name)
        assert intent is not None
        done = records.get(f"{directory}/{intent.settled()}")
        if done is None:
            return False
        if done.kept is None:
            return True
        kept = f"{directory}/{done.kept}"
        return kept in records or self._is_replaced(kept, records)

    def _is_replaced(self, path: str, records: dict[str, StoreRecord]) -> bool:
        directory, _, name = path.rpartition("/")
        return any(
            name in record.replaces
            for other, record in records.items()
            if other.rpartition("/")[0] == directory
        )
