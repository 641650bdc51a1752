"""The recipes of manifests and the chunks of recipes, in an SQLite file of this clone.

Manifests and recipes are named by their bytes, so a row stays right; it can only be missing, and is
added when it is needed.  `note` appends to a text file what a new version adds, because a transaction that is
safe from power cuts would take longer than creating a small version; a torn line there is ignored.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import starmap
from pathlib import Path
from typing import NamedTuple, TypeVar

from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store
from regolo_git.system_calls import read_ordinary

SCHEMA_VERSION = 1
SCHEMA = """
create table manifests (oid text primary key, model text, identity text, recipe text not null) without rowid;
create table recipes (number integer primary key, address text not null unique);
create table chunks (chunk blob, recipe integer, primary key (chunk, recipe)) without rowid;
"""
ASKED = 2000  # recipes that a store is asked for one by one
Result = TypeVar("Result")


class IndexedManifest(NamedTuple):
    """What the index has of one manifest: its version, and the address of its recipe."""

    oid: str
    model: str
    identity: str
    recipe: str

    @classmethod
    def of(cls, oid: str, manifest: Manifest) -> "IndexedManifest":
        """The row of a manifest with its blob id."""
        return cls(oid, *manifest.key, manifest.artifact.recipe.hex)

    @property
    def columns(self) -> tuple[str, str, str, str]:
        """The values of the row."""
        return self.oid, self.model, self.identity, self.recipe


class RecipeIndex:
    """The index in one file; each use reopens it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._notes = file.with_suffix(".new")

    def note(self, manifest: IndexedManifest) -> None:
        """Appends a manifest; where that is not possible, it is read when it is needed."""
        text = " ".join(manifest.columns)
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._notes.open("a", encoding="utf-8") as file:
                file.write(f"\n{text} {_check(text)}\n")

    def read(self, work: Callable[["OpenIndex"], Result]) -> Result:
        """What `work` returns of the index; a damaged one is replaced, or kept in memory if it must be."""
        from regolo_git.registry.cache_database import use_cache  # noqa: PLC0415 - a new version only adds a note

        noted = self._noted()

        def use(connection: sqlite3.Connection) -> Result:
            index = OpenIndex(connection)
            index.add_manifests(noted)
            return work(index)

        found = use_cache(self._file, SCHEMA_VERSION, _statements(), use)
        with suppress(OSError):
            # A note that came meanwhile is lost, and its manifest read when it is needed.
            self._notes.unlink(missing_ok=True)
        return found

    def _noted(self) -> list[IndexedManifest]:
        try:
            lines = read_ordinary(self._notes).decode("utf-8", "replace").split("\n")
        except OSError:
            return []
        found = [line.rpartition(" ") for line in lines]
        parts = [text.split(" ") for text, _, check in found if check == _check(text)]
        return [IndexedManifest(*columns) for columns in parts if len(columns) == 4]


class OpenIndex:
    """The index while it is open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add_manifests(self, manifests: Iterable[IndexedManifest]) -> None:
        """Adds manifests, in one transaction."""
        from regolo_git.registry.cache_database import transaction  # noqa: PLC0415 - see `RecipeIndex.read`

        rows = [manifest.columns for manifest in manifests]
        if rows:
            with transaction(self._connection):
                self._connection.executemany("insert or replace into manifests values (?, ?, ?, ?)", rows)

    def add_recipes(self, recipes: Iterable[Recipe]) -> None:
        """Adds the chunks of recipes, in one transaction."""
        from regolo_git.registry.cache_database import transaction  # noqa: PLC0415 - see `RecipeIndex.read`

        with transaction(self._connection):
            for recipe in recipes:
                address = (recipe.address.hex,)
                self._connection.execute("insert or ignore into recipes (address) values (?)", address)
                (number,) = self._connection.execute(
                    "select number from recipes where address = ?", address
                ).fetchone()
                chunks = {(bytes.fromhex(chunk.blake3), number) for chunk in recipe.chunks}
                self._connection.executemany("insert or ignore into chunks values (?, ?)", chunks)

    def manifests(self) -> set[str]:
        """The blob ids of all manifests in the index."""
        return {oid for (oid,) in self._connection.execute("select oid from manifests")}

    def unknown_recipes(self, store: Store) -> list[Digest]:
        """The recipes of manifests that the store has and the index does not.

        Where it may lack many, as in a clone without their bytes, the store is listed.
        """
        (many,) = self._connection.execute(
            "select (select count(*) from manifests) - (select count(*) from recipes) > ?", (ASKED,)
        ).fetchone()
        if many:
            known = {address for (address,) in self._connection.execute("select address from recipes")}
            here = sorted(store.recipe_names() - known)
            return [Digest("blake3", address) for address in here if self._names(address)]
        query = "select distinct recipe from manifests where recipe not in (select address from recipes)"
        found = [Digest("blake3", address) for (address,) in self._connection.execute(query)]
        absent = store.absent_recipes(found)
        return [address for address in found if address not in absent]

    def _names(self, recipe: str) -> bool:
        query = "select 1 from manifests where recipe = ? limit 1"
        return self._connection.execute(query, (recipe,)).fetchone() is not None

    def without_recipe(self) -> set[str]:
        """The blob ids of the manifests whose recipe is not in the index."""
        query = "select oid from manifests where recipe not in (select address from recipes)"
        return {oid for (oid,) in self._connection.execute(query)}

    def manifests_with(self, chunk: str) -> Iterator[IndexedManifest]:
        """The manifests whose recipes have a chunk."""
        query = """select oid, model, identity, address from chunks join recipes on number = chunks.recipe
            join manifests on manifests.recipe = address where chunk = ?"""
        yield from starmap(IndexedManifest, self._connection.execute(query, (bytes.fromhex(chunk),)))


def _statements() -> Sequence[str]:
    index = "create index manifests_of_recipe on manifests (recipe)"
    return [*filter(None, (text.strip() for text in SCHEMA.split(";"))), index]


def _check(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()
