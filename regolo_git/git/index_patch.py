"""Gives existing entries of an index new blobs without a git process, where the result is certainly git's.

A new version of a model changes one entry of a file that is read whole anyway.  Git itself does it where an
entry is new, gone or marked in some way, where the index has parts that depend on its entries in other ways,
and where the index is large: a process takes less time then.
"""

import os
import struct
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from regolo_git.git.index_stat import (
    CHECKSUM_BYTES,
    LENGTH_MASK,
    REGULAR,
    STAT,
    VERSIONS,
    with_checksum,
)

LARGE_BYTES = 512 << 10
HEADER = struct.Struct(">4sII")
FIXED_BYTES = 62  # of an entry: stat data, the id, and two bytes of flags
ID_AT, FLAGS_AT, SECONDS_AT = 40, 60, 8
EXTENSION = struct.Struct(">4sI")
TREES = b"TREE"  # the ids of directories whose entries are all unchanged
KEPT = (b"REUC", b"UNTR")  # resolved conflicts, and directories without untracked files
DROPPED = (b"EOIE", b"IEOT")  # where entries and extensions begin; git writes them again
NO_STAT = STAT.pack(0, 0, 0, 0, 0, 0, REGULAR, 0, 0, 0)


class NewEntry(NamedTuple):
    """The blob of an entry, and the stat data of its file if that has the blob's content."""

    oid: str
    stat: bytes | None


class _NeedsGit(Exception):
    """Git has to change this index."""


class _Entry(NamedTuple):
    """An entry's beginning, its name, and its flags without the length of the name."""

    at: int
    name: bytes
    flags: int


def patched(content: bytes, written: os.stat_result, entries: Mapping[str, NewEntry]) -> bytes | None:
    """The index with the new entries; None where git has to change it.

    `written` is the stat data of the index: of a file that has changed in the second in which the index was
    written, git looks at the content, and an index that is newer would end that.
    """
    if len(content) > LARGE_BYTES:
        return None
    try:
        return _patched(content, int(written.st_mtime), entries)
    except (_NeedsGit, struct.error, ValueError, IndexError):
        return None


def _patched(content: bytes, second: int, entries: Mapping[str, NewEntry]) -> bytes:
    signature, version, count = HEADER.unpack_from(content)
    if signature != b"DIRC" or version not in VERSIONS:
        raise _NeedsGit
    changed, waiting, end = bytearray(content), dict(entries), HEADER.size
    for entry in _entries(content, count):
        new = waiting.pop(entry.name.decode("utf-8", "surrogateescape"), None)
        if new is not None:
            if entry.flags:
                raise _NeedsGit
            changed[entry.at : entry.at + STAT.size] = new.stat or NO_STAT
            changed[entry.at + ID_AT : entry.at + FLAGS_AT] = bytes.fromhex(new.oid)
        elif struct.unpack_from(">I", content, entry.at + SECONDS_AT)[0] >= second:
            raise _NeedsGit
        end = _end_of(content, entry)
    if waiting:
        raise _NeedsGit
    return with_checksum(changed[:end] + _extensions(content, end, entries) + content[-CHECKSUM_BYTES:])


def _entries(content: bytes, count: int) -> Iterator[_Entry]:
    at = HEADER.size
    for _ in range(count):
        flags = struct.unpack_from(">H", content, at + FLAGS_AT)[0]
        if flags & 0x4000:
            raise _NeedsGit  # more flags, such as those of a sparse checkout
        start, length = at + FIXED_BYTES, flags & LENGTH_MASK
        end = start + length if length < LENGTH_MASK else content.index(b"\0", start)
        entry = _Entry(at, content[start:end], flags & ~LENGTH_MASK)
        yield entry
        at = _end_of(content, entry)


def _end_of(content: bytes, entry: _Entry) -> int:
    """Where the next entry begins: at least one zero byte follows the name, and a multiple of 8 in all."""
    length = FIXED_BYTES + len(entry.name)
    end = entry.at + (length // 8 + 1) * 8
    if any(content[entry.at + length : end]) or end > len(content) - CHECKSUM_BYTES:
        raise _NeedsGit
    return end


def _extensions(content: bytes, at: int, paths: Collection[str]) -> bytes:
    extensions, end = b"", len(content) - CHECKSUM_BYTES
    while at < end:
        name, size = EXTENSION.unpack_from(content, at)
        data = content[at + EXTENSION.size : at + EXTENSION.size + size]
        at += EXTENSION.size + size
        if at > end or (name not in DROPPED and name not in KEPT and name != TREES):
            raise _NeedsGit
        if name == TREES:
            data = _invalidated(data, paths)
        if name not in DROPPED:
            extensions += EXTENSION.pack(name, len(data)) + data
    return extensions


def _invalidated(data: bytes, paths: Collection[str]) -> bytes:
    """The ids of directories without those above some paths.

    Directories come before what is in them: a name, the numbers of entries (-1 without an id) and of
    directories in it, and the id.
    """
    above = {str(parent).removeprefix(".") for path in paths for parent in PurePosixPath(path).parents}
    trees, at = b"", 0
    names: list[str] = []  # of the directories that this one is in
    left: list[int] = []  # how many directories are still to come in each of them
    while at < len(data):
        name_end, line_end = data.index(b"\0", at), data.index(b"\n", at)
        count, directories = map(int, data[name_end + 1 : line_end].split(b" "))
        end = line_end + (1 if count < 0 else 21)
        names.append(data[at:name_end].decode("utf-8", "surrogateescape"))
        left.append(directories)
        if "/".join(names)[1:] in above:
            trees += data[at : name_end + 1] + b"-1 %d\n" % directories
        else:
            trees += data[at:end]
        at = end
        while left and left[-1] == 0:
            names.pop()
            left.pop()
            left[-1:] = [number - 1 for number in left[-1:]]
    return trees
