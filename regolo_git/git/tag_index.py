"""The version tags of a repository, in an SQLite cache keyed by the immutable ids of the tag objects.

The cache is valid while `refs_state.tags_key` stays the same.  Otherwise the refs are read again, and only
unseen tag objects are opened.  A cache that was changed halfway, or cannot be read or written, is rebuilt
(`index_database.py`), in memory if necessary, and one bad tag never breaks a list.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.identity import utc
from regolo_git.git.index_database import IndexDatabase
from regolo_git.git.marks import Mark, OpenHistory, are_current, update_marks, without
from regolo_git.git.refs_state import tags_key
from regolo_git.git.tag_columns import sort_key
from regolo_git.git.tag_tables import SCHEMA_VERSION, TagReader, create_tables, update_tables
from regolo_git.records.digests import Digest
from regolo_git.records.versions import Version, parse_tag_name

COLUMNS = """refs.tag, model, version, identity, refs.oid, commit_oid, manifest_oid, digest, size, created_at,
    created_by, subject"""
SELECT = f"select {COLUMNS} from refs join objects using (oid)"
VERSIONS = "from refs join objects using (oid) where model is not null"
# As `tag_name` has it; without the plus, the planner looks up each tag by its name, in four times the time.
NAMED = "+tag = model || '@' || case when version glob '[0-9]*' then 'v' else '' end || version"
NUMBERED = "identity glob '[0-9]*'"


class TagRow(NamedTuple):
    """A version's tag; `identity` is the same text for `1.0` and `1.0.0`, times are UTC."""

    tag: str
    model: str
    version: str
    identity: str
    tag_oid: str
    commit_oid: str
    manifest_oid: str
    digest: Digest
    size: int
    created_at: datetime
    created_by: str
    subject: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model: its version count, its highest release (or highest version), and its last change."""

    model: str
    count: int
    latest: str
    updated_at: datetime


class _Steady(threading.local):
    """Whether this thread wants one state of the tags, and the key of that state once it is known."""

    wanted = False
    key: str | None = None


class TagIndex:
    """The index of one repository; `open_git` is called only when a tag object has to be opened."""

    def __init__(self, paths: RepositoryPaths, open_git: Callable[[], TagReader]) -> None:
        self._paths = paths
        self._open_git = open_git
        file = paths.common_dir / "regolo" / "index.sqlite"
        self._database = IndexDatabase(file, SCHEMA_VERSION, create_tables)
        self._steady = _Steady()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Answers the queries of this thread in a block from the tags as of the first of them, or later ones.

        A verb asks twenty times before it writes anything, and looking for changed tags takes most of each.
        """
        held = self._steady
        if held.wanted:
            yield
            return
        held.wanted = True
        try:
            yield
        finally:
            held.wanted, held.key = False, None

    def look_again(self) -> None:
        """Has the next query of this thread look for changed tags, in a `steady` block too."""
        self._steady.key = None

    def close(self) -> None:
        """Closes the cache file."""
        self._database.close()

    def rows(self, model: str) -> list[TagRow]:
        """The versions of a model, lowest first."""
        return self._select("objects.model = ? order by sort_key", (model,))

    def newest(self, model: str, count: int) -> list[TagRow]:
        """The highest versions of a model, at most so many, lowest first."""
        return self._highest(model, "1", (), count)

    def find(self, model: str, identity: str) -> TagRow | None:
        """The tag of a version by its identity (`1.1.0`); None if there is none."""
        return self.find_all([(model, identity)]).get((model, identity))

    def find_all(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], TagRow]:
        """Those of some versions that have a tag, by model and identity, from one look at the tags."""
        wanted = [(model, sort_key(Version.parse(identity)), identity) for model, identity in keys]
        # The sort key is the identity in the index of a model's versions, of which there may be thousands.
        query = f"{SELECT} where objects.model = ? and release in (0, 1) and sort_key = ? and identity = ?"

        def look(held: sqlite3.Connection) -> list[tuple[str, ...]]:
            return [row for values in wanted for row in held.execute(query, values)]

        rows = _named(self._database.read(self._is_current, self._update, look))
        return {(row.model, row.identity): row for row in rows}

    def highest(self, model: str) -> list[TagRow]:
        """The highest release and the highest version (they may be the same); empty for an unknown model."""
        releases = self._highest(model, "release = 1", (), 1)
        return releases + self._highest(model, NUMBERED, (), 1) or self._highest(model, "1", (), 1)

    def highest_below(self, model: str, version: Version) -> TagRow | None:
        """The highest version below another in its line: plain ones, and those of its own environment."""
        line, key = f"{version.environment}-[0-9]*" if version.environment else "[0-9]*", sort_key(version)
        rows = self._highest(model, f"sort_key < ? and ({NUMBERED} or identity glob ?)", (key, line), 1)
        return rows[0] if rows else None

    def highest_beside(self, model: str, left_out: Sequence[str]) -> TagRow | None:
        """The highest release, else the highest version, whose tag is not one of some objects."""
        beside, oids = "refs.oid not in (select value from json_each(?))", (json.dumps(left_out),)
        releases = self._highest(model, f"release = 1 and {beside}", oids, 1)
        rows = releases or self._highest(model, beside, oids, 1)
        return rows[0] if rows else None

    def _highest(self, model: str, where: str, values: tuple[str, ...], count: int) -> list[TagRow]:
        """The highest versions of a model that meet a condition, at most so many, lowest first.

        The index of a model's versions has releases and others in order, each by themselves, so that of ten
        thousand no more are read than are wanted.
        """
        query = f"""{SELECT} where objects.model = ? and release = ? and {NAMED} and {where}
            order by sort_key desc limit ?"""

        def look(held: sqlite3.Connection) -> list[tuple[str, ...]]:
            return [row for half in (0, 1) for row in held.execute(query, (model, half, *values, count))]

        rows = _named(self._database.read(self._is_current, self._update, look))
        return sorted(rows, key=lambda row: sort_key(Version.parse(row.version)))[-count:]

    def with_digest(self, model: str, digest: str) -> list[TagRow]:
        """The versions of a model whose artifact has a digest, lowest first."""
        return self._select("objects.model = ? and digest = ? order by sort_key", (model, digest))

    def last_created(self, model: str) -> TagRow | None:
        """The latest version without an environment prefix; within one second, the higher one."""
        rows = self._select(
            f"objects.model = ? and {NUMBERED} order by created_at desc, sort_key desc limit 1", (model,)
        )
        return rows[0] if rows else None

    def at_commit(self, commit: str) -> list[TagRow]:
        """The versions whose tag is on a commit."""
        return self._select("commit_oid = ? order by model, sort_key", (commit,))

    def model_names(self) -> list[str]:
        """The names of all models with a version, sorted."""
        return [row[0] for row in self.query("select model from models order by model")]

    def models(self) -> list[ModelRow]:
        """Every model, sorted by name."""
        found = self.query("select model, count, latest, updated_at from models order by model")
        return [ModelRow(model, int(count), latest, utc(int(when))) for model, count, latest, when in found]

    def all_rows(self) -> list[TagRow]:
        """Every version of every model."""
        return self._select("objects.model is not null order by model, sort_key", ())

    def without(self, mark: Mark, tips: Sequence[str], open_history: OpenHistory) -> list[TagRow]:
        """The versions that the history of no tip contains; `open_history` is called only after a change."""

        def is_current(connection: sqlite3.Connection) -> bool:
            return self._is_current(connection) and are_current(connection, mark, tips)

        def update(connection: sqlite3.Connection) -> None:
            if not self._is_current(connection):
                self._update(connection)
            if not are_current(connection, mark, tips):
                update_marks(connection, mark, tips, open_history)

        # By name, because the planner takes the index by model, and reads every row: 0.3 s for 100,000.
        source = f"objects indexed by objects_not_{mark} join refs on refs.oid = objects.oid"
        query = f"select {COLUMNS} from {source} where {without(mark)} order by model, sort_key"
        return _named(self._database.read(is_current, update, lambda held: held.execute(query).fetchall()))

    def tags(self) -> list[str]:
        """The tags of every version, by model and from the lowest to the highest."""
        found = self.query(f"select tag, model, version {VERSIONS} order by model, sort_key")
        return [tag for tag, *named in found if parse_tag_name(tag) == tuple(named)]

    def pages(self, size: int) -> Iterator[list[TagRow]]:
        """Every version, the oldest first, as many at a time; git's packs are fast to read in this order."""
        tags = [tag for (tag,) in self.query(f"select tag {VERSIONS} order by created_at, model, sort_key")]
        for first in range(0, len(tags), size):
            where = "refs.tag in (select value from json_each(?)) and model is not null"
            yield self._select(
                f"{where} order by created_at, model, sort_key", (json.dumps(tags[first : first + size]),)
            )

    def manifests(self) -> list[tuple[str, str, str]]:
        """The model, the identity and the manifest's blob id of every version."""
        found = self.query(f"select model, identity, manifest_oid {VERSIONS} and {NAMED}")
        return [(model, identity, oid) for model, identity, oid in found]

    def manifests_by_age(self) -> list[str]:
        """The manifest's blob id of every version, the oldest first, as git's packs are fast to read."""
        return [oid for (oid,) in self.query(f"select manifest_oid {VERSIONS} order by created_at, model")]

    def size_of_all(self) -> int:
        """The bytes of the artifacts of all versions together."""
        return int(self.query(f"select coalesce(sum(size), 0) {VERSIONS}")[0][0])

    def tagged_commits(self) -> set[str]:
        """The commits of all versions."""
        return {row[0] for row in self.query("select commit_oid from refs join objects using (oid)")}

    def losses(self) -> str:
        """A text that changes whenever a version tag has disappeared or moved, or the index is rebuilt."""
        rows = self.query("select value from state where key = 'losses'")
        return rows[0][0] if rows else ""

    # -- keeping it up to date ----------------------------------------------------------------------------

    def _select(self, where: str, values: tuple[str, ...]) -> list[TagRow]:
        return _named(self.query(f"{SELECT} where {where}", values))

    def query(self, query: str, values: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        """The answer to a query of the tables, brought up to date."""
        return self._database.read(
            self._is_current, self._update, lambda held: held.execute(query, values).fetchall()
        )

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        held, steady = _key(connection), self._steady
        if held is None or held == steady.key:
            return held is not None
        current = held == tags_key(self._paths)
        if current and steady.wanted:
            steady.key = held
        return current

    def _update(self, connection: sqlite3.Connection) -> None:
        update_tables(connection, self._paths, self._open_git)
        if self._steady.wanted:
            self._steady.key = _key(connection)


def _key(connection: sqlite3.Connection) -> str | None:
    """The key of the tags that an index has; reading it takes the lock that keeps writers away."""
    held = connection.execute("select value from state where key = 'tags'").fetchone()
    return held[0] if held is not None else None


def _named(found: Iterable[tuple[str, ...]]) -> list[TagRow]:
    """The rows whose tag has the name of its version; of `m@v1.0` and `m@v1.0.0` only the older one."""
    rows = [row for row in map(_row, found) if parse_tag_name(row.tag) == (row.model, row.version)]
    kept: dict[tuple[str, str], TagRow] = {}
    for row in rows:
        other = kept.setdefault((row.model, row.identity), row)
        if (row.created_at, row.tag) < (other.created_at, other.tag):
            kept[row.model, row.identity] = row
    return rows if len(kept) == len(rows) else list(kept.values())


def _row(found: tuple[str, ...]) -> TagRow:
    tag, model, version, identity, oid, commit, manifest, digest, size, created, by, subject = found
    return TagRow(
        tag,
        model,
        version,
        identity,
        oid,
        commit,
        manifest,
        Digest.parse(digest),
        int(size),
        utc(int(created)),
        by,
        subject,
    )
