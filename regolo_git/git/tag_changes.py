"""The version tags that have changed since the tag index was brought up to date.

A new version is a loose ref, and `packed-refs` of a registry with a hundred thousand versions is not read
again for it: while that file is the same, only loose refs can have changed.
"""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import LooseTag, packed_stamp, packed_tag, read_loose_tags, read_tags
from regolo_git.records.versions import parse_tag_name

HELD = "select tag, oid, stamp from refs"


class TagChanges(NamedTuple):
    """The tags that are new or moved, and those that are gone; `state` is what the index records then.

    `first` if the index had no tags.
    """

    changed: Mapping[str, LooseTag]
    gone: tuple[str, ...]
    state: Mapping[str, str]
    first: bool = False


def tag_changes(paths: RepositoryPaths, connection: sqlite3.Connection) -> TagChanges:
    """Compares the version tags of a repository with those of an index.  Raises Conflict."""
    stamp = packed_stamp(paths)
    found = connection.execute("select value from state where key = 'packed'").fetchone()
    changes = _loose_changes(paths, connection, stamp) if found is not None and found[0] == stamp else None
    return changes or _all_changes(paths, connection, stamp)


def _loose_changes(paths: RepositoryPaths, connection: sqlite3.Connection, stamp: str) -> TagChanges | None:
    """The changes among loose tags; None if some were packed meanwhile."""
    held = _held(connection, f"{HELD} where stamp != ''")
    key, tags = read_loose_tags(paths, held)
    current = _versions(tags, held)
    unpacked = {name: packed_tag(paths, name) for name in held if name not in current}
    if packed_stamp(paths) != stamp:
        return None
    changed = {name: tag for name, tag in current.items() if held.get(name) != tag}
    changed |= {name: LooseTag(oid) for name, oid in unpacked.items() if oid is not None}
    gone = tuple(name for name, oid in unpacked.items() if oid is None)
    return TagChanges(changed, gone, {"tags": key, "packed": stamp})


def _all_changes(paths: RepositoryPaths, connection: sqlite3.Connection, stamp: str) -> TagChanges:
    held = _held(connection, HELD)
    key, tags = read_tags(paths, held)
    current = _versions(tags, held)
    changed = {name: tag for name, tag in current.items() if held.get(name) != tag}
    gone = tuple(name for name in held if name not in current)
    # If the file was replaced meanwhile, it is not known which one was read.
    packed = stamp if packed_stamp(paths) == stamp else ""
    return TagChanges(changed, gone, {"tags": key, "packed": packed}, first=not held)


def _held(connection: sqlite3.Connection, query: str) -> dict[str, LooseTag]:
    return {tag: LooseTag(oid, stamp) for tag, oid, stamp in connection.execute(query)}


def _versions(tags: Mapping[str, LooseTag], held: Mapping[str, LooseTag]) -> dict[str, LooseTag]:
    return {name: tag for name, tag in tags.items() if name in held or ("@" in name and parse_tag_name(name))}
