"""The records of one clone in a shared store: what a push is about to rely on, and what the registry keeps.

Cleaning (another clone, perhaps of another registry) first condemns files that no record needs.  Later it
marks the list as being deleted, reads all records again, spares what they need, and deletes the rest.  So
that nothing is deleted which a push counts on, a push goes in this order:

1. its intent is in the store, before it asks whether anything is there;
2. then it reads `condemned/`.  A list without a mark is harmless: the process that deletes from it will see
   the intent.  What is in a list with a mark may be deleted at any moment, so the push waits until that is
   over;
3. only now it looks for what is there, and sends the rest;
4. a record keeps its recipes, and another one settles the intent.

An intent that was never settled, of a push that was killed, holds every deletion back until its recipes are
in the store.  The next push of the same clone settles it, once it keeps those recipes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from regolo_git.errors import IntegrityError, RegoloError, TransportError
from regolo_git.records.condemned_list import BYTES_LIMIT as LIST_LIMIT
from regolo_git.records.condemned_list import DELETING, CondemnedList
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_format import CHUNKS, PACKS, RECIPES, RECORDS, path_of
from regolo_git.records.store_record import BYTES_LIMIT, Kind, RecordName, StoreRecord, sorted_recipes
from regolo_git.store.files.contract import Files
from regolo_git.store.translate import translated
from regolo_git.system_calls import pause, random_name

CONDEMNED = "condemned"
LISTED_KEPT = 64  # from this many records that keep recipes on, one is written in place of all
WAIT_SECONDS = 600.0
LOOK_SECONDS = 2.0
LOOKS = 10
Needed = Callable[[], Iterable[Digest] | None]


class Owner(NamedTuple):
    """Whose records they are: the ids of the registry and of the clone, and the name of its machine."""

    registry: str
    clone: str
    host: str

    @property
    def directory(self) -> str:
        """The directory of the records in the store."""
        return f"{RECORDS}/{self.registry}/{self.clone}"


class StoreRecords:
    """The records of one clone in one store."""

    def __init__(self, files: Files, owner: Owner) -> None:
        self._files = files
        self.owner = owner

    def begin(
        self,
        recipes: Iterable[Digest],
        read_recipe: Callable[[Digest], Recipe],
        *,
        vouching: Iterable[Digest] = (),
    ) -> "Push":
        """Begins a push of these recipes, which the caller may then look for in the store.

        `vouching` are recipes that the push relies on while it runs.  `read_recipe` reads any of them if that
        is needed.  Waits while something that the push needs is being deleted.  Raises TransportError, also
        if that takes longer than ten minutes.
        """
        kept = sorted_recipes(address.hex for address in recipes)
        wanted = sorted_recipes([*kept, *(address.hex for address in vouching)])
        names = self.names()
        intent = self.write("intent", recipes=wanted)
        deletions = Deletions(self._files)
        deletions.wait(lambda: _paths(wanted, read_recipe))
        return Push(self, intent, kept, _Own.of(names))

    def names(self) -> list[RecordName]:
        """The names of the records of this clone, sorted."""
        with translated(self._files.url):
            found = map(RecordName.parse, sorted(self._files.names(self.owner.directory)))
            return [name for name in found if name is not None]

    def read(self, name: RecordName) -> StoreRecord:
        """A record of this clone.  Raises IntegrityError, TransportError."""
        path = f"{self.owner.directory}/{name}"
        with translated(self._files.url):
            record = StoreRecord.parse(self._files.read_range(path, 0, BYTES_LIMIT + 1))
        if (record.kind, record.registry, record.clone) != (name.kind, *self.owner[:2]):
            raise IntegrityError(f"'{path}' in the store '{self._files.url}' is the record of another one")
        return record

    def write(
        self,
        kind: Kind,
        *,
        recipes: Sequence[str] = (),
        replaces: Sequence[str] = (),
        kept: str | None = None,
        name: RecordName | None = None,
    ) -> RecordName:
        """Writes a record, which is durable then; one of the same name that is there stays."""
        name = name or RecordName.new(kind, datetime.now(UTC), random_name(8))
        record = StoreRecord(kind, *self.owner, tuple(recipes), tuple(replaces), kept)
        with translated(self._files.url):
            self._files.create(f"{self.owner.directory}/{name}", record.to_bytes())
            self._files.settle()
        return name


@dataclass(frozen=True, slots=True)
class _Own:
    """The records of a clone when a push began, by what they mean for it."""

    unsettled: tuple[RecordName, ...]
    keeping: tuple[RecordName, ...]
    since_all: int

    @classmethod
    def of(cls, names: Collection[RecordName]) -> "_Own":
        settled = {name.stem for name in names if name.kind == "done"}
        unsettled = [name for name in names if name.kind == "intent" and name.stem not in settled]
        keeping = [name for name in names if name.kind in ("kept", "all")]
        newest = max((name.stem for name in keeping if name.kind == "all"), default="")
        return cls(tuple(unsettled), tuple(keeping), sum(name.stem > newest for name in keeping))


def kept_by_others(files: Files, registry: str) -> set[str]:
    """The recipes, in hex, that records of other registries keep in a store, or are about to use.

    Raises IntegrityError for a damaged record, which may keep anything, and TransportError, also if records
    are replaced again and again.
    """
    for _ in range(LOOKS):
        found = _kept_by_others(files, registry)
        if found is not None:
            return found
    raise TransportError(f"the records in the store '{files.url}' keep changing", "try again")


def _kept_by_others(files: Files, registry: str) -> set[str] | None:
    """The same; None if a record is gone: a later one, which was not listed, may keep what it kept."""
    with translated(files.url):
        paths = [file.path for file in files.walk(RECORDS) if file.path.split("/")[1] != registry]
    names = {path: name for path in paths if (name := RecordName.parse(path.rpartition("/")[2])) is not None}
    settled = {name.stem for name in names.values() if name.kind == "done"}
    found: set[str] = set()
    for path, name in names.items():
        if name.kind != "done" and (name.kind != "intent" or name.stem not in settled):
            with translated(files.url):
                try:
                    data = files.read_range(path, 0, BYTES_LIMIT + 1)
                except FileNotFoundError:
                    return None
            found.update(StoreRecord.parse(data).recipes)
    return found


class Push:
    """A push whose intent is in the store.  One that ends in another way leaves its intent there."""

    def __init__(
        self, records: StoreRecords, intent: RecordName, recipes: tuple[str, ...], own: _Own
    ) -> None:
        self._records = records
        self._intent = intent
        self._recipes = recipes
        self._own = own

    @property
    def interrupted(self) -> bool:
        """Whether an earlier push of this clone may have stopped half-way."""
        return bool(self._own.unsettled)

    def finish(self, needed: Needed, *, list_all: bool = False) -> None:
        """Keeps the recipes, which are all in the store now, and settles the intent.

        `needed` are all recipes that the registry needs, None if that cannot be said; they are asked for once
        in a while, and with `list_all` if no record has listed them all.  Raises TransportError.
        """
        kept, recipes = self._keep(needed, list_all=list_all)
        self._settle(self._intent, kept)
        for intent in self._own.unsettled:
            if self._is_about(intent, recipes):
                self._settle(intent, kept)

    def give_up(self) -> None:
        """Settles the intent of a push that has named nothing, and never will.  Raises TransportError."""
        self._records.write("done", name=self._intent.settled())

    def _keep(self, needed: Needed, *, list_all: bool) -> tuple[RecordName, Collection[str]]:
        listed = any(name.kind == "all" for name in self._own.keeping)
        due = self._own.since_all >= LISTED_KEPT or (list_all and not listed)
        everything = needed() if due else None
        if everything is None:
            return self._records.write("kept", recipes=self._recipes), frozenset(self._recipes)
        recipes = sorted_recipes([*self._recipes, *(address.hex for address in everything)])
        replaces = sorted(map(str, self._own.keeping))
        return self._records.write("all", recipes=recipes, replaces=replaces), frozenset(recipes)

    def _is_about(self, intent: RecordName, recipes: Collection[str]) -> bool:
        """Whether an earlier intent is only about recipes that are kept, and has nothing left to do."""
        try:
            return set(self._records.read(intent).recipes) <= set(recipes)
        except IntegrityError:  # damaged or gone: cleaning reports it
            return False

    def _settle(self, intent: RecordName, kept: RecordName) -> None:
        self._records.write("done", kept=str(kept), name=intent.settled())


class Deletions:
    """The lists in `condemned/` of a store from which files are being deleted."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lists: dict[str, CondemnedList | None] = {}  # None: it cannot be read, and may have anything

    def wait(self, paths: Callable[[], Collection[str]]) -> None:
        """Returns once none of some paths, nor a pack, is being deleted.

        Raises TransportError if that is not over in ten minutes.
        """
        running = self._running()
        wanted = paths() if running else ()
        waited = 0.0
        while concerned := [name for name in running if self._concerns(name, wanted)]:
            if waited >= WAIT_SECONDS:
                text = f"the store '{self._files.url}' is still being cleaned by `gc` after ten minutes"
                left = f"{CONDEMNED}/{concerned[0]}"
                hint = f"wait for it; if it was killed, run `gc` again, which finishes '{left}'"
                raise TransportError(text, hint)
            pause(LOOK_SECONDS, LOOK_SECONDS)
            waited += LOOK_SECONDS
            running = self._running()

    def _running(self) -> list[str]:
        """The lists with a mark; one whose list is gone has nothing left to delete."""
        with translated(self._files.url):
            names = set(self._files.names(CONDEMNED))
        marked = sorted(name.removesuffix(DELETING) for name in names if name.endswith(DELETING))
        return [name for name in marked if name in names]

    def _concerns(self, name: str, wanted: Collection[str]) -> bool:
        found = self._read(name)
        return found is None or any(path in wanted or path.startswith(f"{PACKS}/") for path in found.paths)

    def _read(self, name: str) -> CondemnedList | None:
        if name not in self._lists:
            try:
                with translated(self._files.url):
                    data = self._files.read_range(f"{CONDEMNED}/{name}", 0, LIST_LIMIT + 1)
                self._lists[name] = CondemnedList.parse(data)
            except RegoloError:  # it was removed meanwhile, or is damaged
                return None
        return self._lists[name]


def _paths(recipes: Iterable[str], read_recipe: Callable[[Digest], Recipe]) -> Collection[str]:
    """The paths of recipes and of their chunks."""
    found = set()
    for address in recipes:
        found.add(path_of(RECIPES, address))
        chunks = read_recipe(Digest("blake3", address)).chunks
        found.update(path_of(CHUNKS, chunk.blake3) for chunk in chunks)
    return found
