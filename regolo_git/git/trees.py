"""Edits trees without an index or a work tree; only the trees above a changed file are rewritten.

New trees are made from the bytes of the old ones, because the library cannot make one without writing it.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import pygit2

from regolo_git.errors import Conflict
from regolo_git.git.new_objects import NewObjects

Edits = Mapping[str, str | None]  # path -> blob id, None to delete
ENTRY = re.compile(rb"([0-7]+) ([^\0/]+)\0(.{20})", re.DOTALL)
BLOB, TREE = b"100644", b"40000"
NOT_IN_TREES = ("", ".", "..", ".git")


def edit_tree(objects: NewObjects, tree: pygit2.Tree | None, edits: Edits) -> str:
    """The id of the tree with some files set or deleted; adds the new trees to `objects`.

    Raises Conflict if a path goes through a file or would replace a directory.
    """
    edited = _edit(objects, tree, edits, "")
    return edited if edited is not None else objects.add("tree", b"")


def _edit(objects: NewObjects, tree: pygit2.Tree | None, edits: Edits, place: str) -> str | None:
    """Edits one level; None if it becomes empty, because Git has no empty directories."""
    content = tree.read_raw() if tree is not None else b""
    for name, inner in _by_first(edits).items():
        held = tree[name] if tree is not None and name in tree else None
        path = f"{place}{name}"
        if "" in inner:
            if len(inner) > 1:
                raise Conflict(f"'{path}' cannot be both a file and a directory")
            if isinstance(held, pygit2.Tree):
                raise Conflict(f"'{path}' is a directory where a file is needed", f"git mv {path} elsewhere")
            content = _with_entry(content, name, BLOB, inner[""])
            continue
        if held is not None and not isinstance(held, pygit2.Tree):
            raise Conflict(f"'{path}' is a file where a directory is needed", f"git mv {path} elsewhere")
        content = _with_entry(content, name, TREE, _edit(objects, held, inner, f"{path}/"))
    return objects.add("tree", content) if content else None


class _Place(NamedTuple):
    """Where an entry is in the bytes of a tree; empty where one that is not there would be."""

    start: int
    end: int


def _with_entry(content: bytes, name: str, mode: bytes, oid: str | None) -> bytes:
    """The bytes of a tree with one entry set, or without it (None)."""
    if name.lower() in NOT_IN_TREES:
        raise ValueError(f"'{name}' cannot be the name of a file in a tree")
    encoded = name.encode("utf-8", "surrogateescape")
    at = _find(content, encoded, mode)
    entry = b"%b %b\0%b" % (mode, encoded, bytes.fromhex(oid)) if oid is not None else b""
    return content[: at.start] + entry + content[at.end :]


def _find(content: bytes, name: bytes, mode: bytes) -> _Place:
    wanted, at = _sort_key(mode, name), 0
    while at < len(content):
        found = ENTRY.match(content, at)
        if found is None:
            raise ValueError("a tree is damaged")
        if found[2] == name:
            return _Place(*found.span())
        if _sort_key(found[1], found[2]) > wanted:
            break
        at = found.end()
    return _Place(at, at)


def _sort_key(mode: bytes, name: bytes) -> bytes:
    """Git sorts directories as if their names ended with a slash."""
    return name + b"/" if mode.lstrip(b"0") == TREE else name


def _by_first(edits: Edits) -> dict[str, dict[str, str | None]]:
    """Groups the edits by their first path component; the rest is empty for a file at this level."""
    grouped: dict[str, dict[str, str | None]] = {}
    for path, blob in edits.items():
        first, _, rest = path.partition("/")
        grouped.setdefault(first, {})[rest] = blob
    return grouped
