"""Fills in the stat data of index entries, as `git add` does when it reads the file.

`git update-index --index-info` sets a blob without looking at the work tree.  Until something refreshes such
an entry, `git diff-index` and `git diff-files` call the file changed, and a sparse checkout leaves it.  Git
itself refreshes by comparing the file through its filters; here the bytes must be the blob's own.
"""

import hashlib
import os
import stat
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.git.program import run_git

VERSIONS = (2, 3)  # version 4 has shortened names
STAT = struct.Struct(">10I")  # ctime, mtime (seconds and nanoseconds), device, inode, mode, user, group, size
CHECKSUM_BYTES = 20
LENGTH_MASK = 0xFFF
REGULAR = 0o100644
SPECIAL_EXTENSIONS = (b"link", b"sdir")  # a split or sparse index; git fills those in


def fill_stat(git_dir: Path, top: Path, index: Path, entries: Mapping[str, str | None]) -> None:
    """Fills in the entries of files whose content is their blob's, in an index that nobody else writes.

    Other entries stay as they are: git compares them the next time.
    """
    known = {path: data for path, oid in entries.items() if oid and (data := stat_of(top / path, oid))}
    if not known:
        return
    content = index.read_bytes()
    version = struct.unpack_from(">I", content, 4)[0]
    if version not in VERSIONS or any(name in content for name in SPECIAL_EXTENSIONS):
        given = "".join(f":(top,literal){path}\0" for path in known).encode()
        options = ("--refresh", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul")
        with suppress(Conflict):  # git before 2.34 lacks an option, and compares the files the next time
            run_git(git_dir, top, "add", *options, given=given, index=index)
        return
    changed = bytearray(content)
    for path, data in known.items():
        oid = entries[path]
        assert oid is not None
        at = _position(content, path, bytes.fromhex(oid))
        if at is not None:
            changed[at : at + STAT.size] = data
    index_mode = index.stat().st_mode & 0o777
    index.unlink()  # it may be a second name of the index in use
    write_index(index, with_checksum(changed), index_mode)


def may_have_entry(content: bytes, path: str) -> bool:
    """Whether an index can have an entry of a path or below it; one that cannot need not be parsed."""
    return struct.unpack_from(">I", content, 4)[0] not in VERSIONS or path.encode() in content


def stat_of(place: Path, oid: str) -> bytes | None:
    """The stat data of a regular file with the content of a blob; None for any other."""
    try:
        before = place.lstat()
        if not stat.S_ISREG(before.st_mode) or before.st_mode & stat.S_IXUSR:
            return None
        content = place.read_bytes()
        found = place.lstat()
    except OSError:
        return None
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if blob != oid or (before.st_mtime_ns, before.st_ino) != (found.st_mtime_ns, found.st_ino):
        return None
    times = (*divmod(found.st_ctime_ns, 10**9), *divmod(found.st_mtime_ns, 10**9))
    rest = found.st_dev, found.st_ino, REGULAR, found.st_uid, found.st_gid, found.st_size
    return STAT.pack(*(number & 0xFFFFFFFF for number in (*times, *rest)))


def _position(content: bytes, path: str, oid: bytes) -> int | None:
    """Where the entry of a path begins; an entry ends with the id, two bytes of flags and the name."""
    name = path.encode()
    flags = min(len(name), LENGTH_MASK).to_bytes(2, "big")
    at = content.find(oid + flags + name + b"\0") - STAT.size
    return at if at >= 0 else None


def with_checksum(content: bytearray) -> bytes:
    """An index whose last bytes are its checksum again, or zeros if they are zeros."""
    body, checksum = bytes(content[:-CHECKSUM_BYTES]), bytes(content[-CHECKSUM_BYTES:])
    if any(checksum):  # all zero with `index.skipHash`
        checksum = hashlib.sha1(body, usedforsecurity=False).digest()
    return body + checksum


def write_index(index: Path, content: bytes, mode: int) -> None:
    """Writes a new file.  Raises OSError, also if it is there."""
    with index.open("xb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
