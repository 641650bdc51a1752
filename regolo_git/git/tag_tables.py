"""The tables of the tag index, and how they follow the tags of the repository."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.marks import MARKS, without
from regolo_git.git.refs_state import LooseTag
from regolo_git.git.tag_changes import tag_changes
from regolo_git.git.tag_columns import columns_of
from regolo_git.git.tag_objects import TagObject
from regolo_git.git.tag_summary import summarize
from regolo_git.system_calls import random_name

SCHEMA_VERSION = "7"
SCHEMA = """
create table state (key text primary key, value text) without rowid;
create table objects (
    oid text primary key, model text, version text, identity text, sort_key text, release integer,
    commit_oid text, manifest_oid text, digest text, size integer, created_at integer, created_by text,
    subject text, problem text, merged integer, pushed integer
) without rowid;
create table refs (tag text primary key, oid text not null, stamp text not null) without rowid;
create table models (model text primary key, count integer, latest text, updated_at integer) without rowid;
"""
INDEXES = {
    "objects_of_model": "objects (model, release, sort_key, version, created_at)",
    "refs_of_object": "refs (oid)",
    **{f"objects_not_{mark}": f"objects ({mark}) where {without(mark)}" for mark in MARKS},
}


class TagReader(Protocol):
    """Reads tag objects."""

    def read_tag_object(self, oid: str) -> TagObject | None: ...


def create_tables(connection: sqlite3.Connection) -> None:
    """Creates the tables of an empty index."""
    connection.execute("begin immediate")
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    _create_indexes(connection)
    _note_loss(connection)
    connection.execute("commit")


def update_tables(
    connection: sqlite3.Connection, paths: RepositoryPaths, open_git: Callable[[], TagReader]
) -> None:
    """Brings the tables up to date; `open_git` is called only when a tag object has to be opened."""
    connection.execute("begin immediate")
    try:
        changes = tag_changes(paths, connection)
        lost = changes.gone or (not changes.first and _is_moved(connection, changes.changed))
        _insert(connection, changes.changed, open_git, first=changes.first)
        connection.executemany("delete from refs where tag = ?", ((name,) for name in changes.gone))
        if lost:
            _note_loss(connection)
        summarize(connection, {name.rpartition("@")[0] for name in (*changes.changed, *changes.gone)})
        connection.executemany("insert or replace into state values (?, ?)", changes.state.items())
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _insert(
    connection: sqlite3.Connection,
    tags: Mapping[str, LooseTag],
    open_git: Callable[[], TagReader],
    *,
    first: bool,
) -> None:
    if first:
        # With a hundred thousand new rows, creating the indexes afterwards is faster.
        for index in INDEXES:
            connection.execute(f"drop index {index}")
    oids = sorted({tag.oid for tag in tags.values()})
    unseen = (oid for oid in oids if first or not _holds(connection, oid))
    values = ", ".join("?" * 14)
    insert = f"insert or replace into objects values ({values}, null, null)"
    connection.executemany(insert, _read(unseen, open_git))
    rows = ((name, tag.oid, tag.stamp) for name, tag in sorted(tags.items()))
    connection.executemany("insert or replace into refs values (?, ?, ?)", rows)
    if first:
        _create_indexes(connection)


def _read(oids: Iterator[str], open_git: Callable[[], TagReader]) -> Iterator[tuple[str | int | None, ...]]:
    git: TagReader | None = None
    for oid in oids:
        git = git or open_git()
        yield (oid, *columns_of(git.read_tag_object(oid)))


def _holds(connection: sqlite3.Connection, oid: str) -> bool:
    return connection.execute("select 1 from objects where oid = ?", (oid,)).fetchone() is not None


def _is_moved(connection: sqlite3.Connection, tags: Mapping[str, LooseTag]) -> bool:
    """Whether one of the tags was another object before, which may have been another version."""
    query = "select 1 from refs where tag = ? and oid != ?"
    return any(connection.execute(query, (name, tag.oid)).fetchone() for name, tag in tags.items())


def _note_loss(connection: sqlite3.Connection) -> None:
    connection.execute("insert or replace into state values ('losses', ?)", (random_name(8),))


def _create_indexes(connection: sqlite3.Connection) -> None:
    for name, columns in INDEXES.items():
        connection.execute(f"create index {name} on {columns}")
