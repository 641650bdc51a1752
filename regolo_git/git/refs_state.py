"""Reads refs as files: the tags, whether they changed, and the tip of a branch.

Uses the standard library alone, so that an unchanged list opens no Git library.  git rewrites `packed-refs`
and each loose ref by renaming a new file into place, so names, directory times and the stat of `packed-refs`
show every change.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from mmap import ACCESS_READ, mmap
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.discover import RepositoryPaths

OID = re.compile(rb"[0-9a-f]{40}")
SYMBOLIC = re.compile(rb"ref: *(refs/[^\n]+)\n*\Z")
SYMBOLIC_DEPTH = 5  # as git follows them
TAGS = "refs/tags/"
HEADS = "refs/heads/"
ORIGIN = "refs/remotes/origin/"
ATTEMPTS = 100
_name = attrgetter("name")
NOTHING: "Mapping[str, LooseTag]" = {}


def tags_key(paths: RepositoryPaths) -> str:
    """A key that changes whenever a tag is created, moved, deleted or packed."""
    key = hashlib.blake2b(repr(_stat(_packed(paths))).encode(), digest_size=16)
    for directory, time, files in _loose_directories(f"{paths.common_dir}/refs/tags"):
        key.update(f"{directory}\0{time}\0".encode("utf-8", "surrogateescape"))
        key.update("\0".join(map(_name, files)).encode("utf-8", "surrogateescape"))
    return key.hexdigest()


class LooseTag(NamedTuple):
    """A tag's object and, for a loose tag, a stamp that changes with its file."""

    oid: str
    stamp: str = ""


def read_tags(
    paths: RepositoryPaths, held: Mapping[str, LooseTag] = NOTHING
) -> tuple[str, dict[str, LooseTag]]:
    """Every tag by name, and the key of that state; a loose tag with the same stamp in `held` is not opened.

    `git pack-refs` moves refs from loose files to the packed one.  A reader could look at one before and at
    the other after, and miss them; so the state is read again until it does not change meanwhile.
    """
    for _ in range(ATTEMPTS):
        before = tags_key(paths)
        tags = _packed_tags(_packed(paths))
        tags.update(_loose_tags(f"{paths.common_dir}/refs/tags", held))
        if tags_key(paths) == before:
            return before, tags
    raise Conflict("the tags change faster than they can be read", "try again")


def read_loose_tags(
    paths: RepositoryPaths, held: Mapping[str, LooseTag] = NOTHING
) -> tuple[str, dict[str, LooseTag]]:
    """Like `read_tags`, without the packed ones."""
    for _ in range(ATTEMPTS):
        before = tags_key(paths)
        tags = dict(_loose_tags(f"{paths.common_dir}/refs/tags", held))
        if tags_key(paths) == before:
            return before, tags
    raise Conflict("the tags change faster than they can be read", "try again")


def packed_stamp(paths: RepositoryPaths) -> str:
    """A text that changes whenever refs are packed, or a packed one is moved or deleted."""
    return repr(_stat(_packed(paths)))


def packed_tag(paths: RepositoryPaths, name: str) -> str | None:
    """The object of a tag in `packed-refs`; None if it is not there."""
    return _packed_target(_packed(paths), f"{TAGS}{name}")


def head_branch(paths: RepositoryPaths) -> str | None:
    """The checked-out branch of a work tree, even before its first commit; None on a detached HEAD."""
    text = _head(paths)
    return text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else None


def _head(paths: RepositoryPaths) -> str:
    with open(f"{paths.git_dir}/HEAD", "rb", buffering=0) as file:  # noqa: PTH123 - speed, see `_read`
        return file.readall().decode("utf-8", "surrogateescape").strip()


def head_commit(paths: RepositoryPaths) -> str | None:
    """The checked-out commit of a work tree; None before the first one."""
    branch = head_branch(paths)
    if branch is not None:
        return branch_tip(paths, branch)
    text = _head(paths)
    return text if len(text) == 40 else None


def newest_known(paths: RepositoryPaths, branch: str) -> str | None:
    """The tip of a branch, or of `origin`'s if this clone does not have the branch."""
    return branch_tip(paths, branch) or ref_target(paths, f"refs/remotes/origin/{branch}")


def branch_tip(paths: RepositoryPaths, branch: str) -> str | None:
    """The commit of a branch, None if there is none; loose refs take precedence over packed ones."""
    return ref_target(paths, f"refs/heads/{branch}")


def line_tips(paths: RepositoryPaths, branch: str, patterns: Sequence[str]) -> dict[str, str]:
    """The tip of a branch and of every branch that matches a pattern, here and as last fetched from `origin`.

    The keys are names like `main` and `origin/main`.
    """
    named = {"": f"{HEADS}{branch}", "origin/": f"{ORIGIN}{branch}"}
    tips = {f"{label}{branch}": ref_target(paths, ref) for label, ref in named.items()}
    for ref in refs_beside_tags(paths) if patterns else ():
        if not ref.startswith((HEADS, ORIGIN)) or ref == f"{ORIGIN}HEAD":
            continue
        label, name = (
            ("", ref.removeprefix(HEADS)) if ref.startswith(HEADS) else ("origin/", ref[len(ORIGIN) :])
        )
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            tips[f"{label}{name}"] = ref_target(paths, ref)
    return {name: tip for name, tip in tips.items() if tip is not None}


def refs_beside_tags(paths: RepositoryPaths) -> list[str]:
    """The full names of all refs except tags, sorted; those of a linked work tree are its own.

    Loose refs come first: one that is packed meanwhile is then found in the packed ones.
    """
    refs = set()
    for top in dict.fromkeys((paths.common_dir, paths.git_dir)):
        for directory, _, files in _loose_directories(f"{top}/refs", skipped="tags"):
            place = Path(directory).relative_to(top).as_posix()
            refs |= {f"{place}/{file.name}" for file in files if not file.name.endswith(".lock")}
    lines = _packed_beside_tags(_packed(paths)).decode("utf-8", "surrogateescape").split("\n")
    refs |= {line[41:] for line in lines if line[40:41] == " " and not line.startswith("#")}
    return sorted(ref for ref in refs if not ref.startswith(TAGS))


def local_branches(paths: RepositoryPaths) -> list[str]:
    """The names of the branches of this clone, sorted."""
    return [ref.removeprefix(HEADS) for ref in refs_beside_tags(paths) if ref.startswith(HEADS)]


def _packed_beside_tags(packed: str) -> bytes:
    """A sorted `packed-refs` without its tags, which may be many; one that is not sorted whole."""
    wanted = b" " + TAGS.encode()
    try:
        with open(packed, "rb") as file:  # noqa: PTH123 - speed, see `_read`
            if b" sorted" not in file.readline():
                return _read(packed)
            with mmap(file.fileno(), 0, access=ACCESS_READ) as lines:
                first = lines.find(wanted)
                return (
                    lines[:first] + lines[lines.find(b"\n", lines.rfind(wanted)) :]
                    if first >= 0
                    else lines[:]
                )
    except (FileNotFoundError, NotADirectoryError):
        return b""


def ref_target(paths: RepositoryPaths, ref: str) -> str | None:
    """The object id of a ref, through symbolic refs; None if there is no such ref."""
    for _ in range(SYMBOLIC_DEPTH):
        content = _read_loose(paths, ref)
        found = OID.match(content)
        if found:
            return found[0].decode()
        following = SYMBOLIC.match(content)
        if following is None:
            return _not_loose(paths, ref)
        ref = following[1].decode("utf-8", "surrogateescape")
    return None


def symbolic_target(paths: RepositoryPaths, ref: str) -> str | None:
    """The target of a symbolic ref; None for a ref that holds an object id."""
    found = SYMBOLIC.match(_read_loose(paths, ref))
    return found[1].decode("utf-8", "surrogateescape") if found else None


def blocking_ref(paths: RepositoryPaths, ref: str) -> str | None:
    """A ref that cannot coexist with this one, because one name is a directory of the other."""
    parts = ref.split("/")
    above = ("/".join(parts[:depth]) for depth in range(3, len(parts)))
    return next((name for name in above if ref_target(paths, name) is not None), None) or _below(paths, ref)


def _below(paths: RepositoryPaths, ref: str) -> str | None:
    for directory, _, files in _loose_directories(f"{paths.common_dir}/{ref}"):
        if files:
            return f"{Path(directory).relative_to(paths.common_dir)}/{files[0].name}"
    try:
        with (
            open(_packed(paths), "rb") as file,  # noqa: PTH123 - speed, see `_read`
            mmap(file.fileno(), 0, access=ACCESS_READ) as packed,
        ):
            at = packed.find(f" {ref}/".encode())
            found = packed[at + 1 : packed.find(b"\n", at)] if at >= 0 else None
    except (FileNotFoundError, NotADirectoryError, ValueError):  # none, or an empty one
        return None
    return found.decode("utf-8", "surrogateescape") if found is not None else None


def _not_loose(paths: RepositoryPaths, ref: str) -> str | None:
    packed = _packed_target(_packed(paths), ref)
    if packed:
        return packed
    # If it was written or packed between the two reads, another look finds it.
    found = OID.match(_read_loose(paths, ref))
    return found[0].decode() if found else _packed_target(_packed(paths), ref)


def _read_loose(paths: RepositoryPaths, ref: str) -> bytes:
    try:
        return _read(f"{paths.common_dir}/{ref}")
    except IsADirectoryError:
        return b""


def _packed_target(packed: str, ref: str) -> str | None:
    wanted = b" " + ref.encode("utf-8", "surrogateescape") + b"\n"
    try:
        with open(packed, "rb") as file:  # noqa: PTH123 - speed, see `_read`
            if b" sorted" not in file.readline():
                data = _read(packed)
                return _oid_before(data, data.find(wanted))
            # Of a hundred thousand refs, a search reads a few pages.
            with mmap(file.fileno(), 0, access=ACCESS_READ) as lines:
                return _oid_before(lines, _find_sorted(lines, wanted))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _oid_before(data: "bytes | mmap", at: int) -> str | None:
    return data[at - 40 : at].decode() if at >= 40 and OID.fullmatch(data[at - 40 : at]) else None


def _find_sorted(data: mmap, wanted: bytes) -> int:
    """Where ` <ref>` and its line feed are in sorted refs, -1 if they are not there."""
    low, high = data.find(b"\n") + 1, len(data)  # line beginnings, after the header
    while low < high:
        line = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
        if data[line : line + 1] == b"^":  # what the tag of the line before points to
            line = data.rfind(b"\n", low, line - 1) + 1 or low
        end = data.find(b"\n", line) + 1 or len(data)
        name = data[line + 40 : end]
        if name == wanted:
            return line + 40
        # A line feed is not less than other bytes of names, so the names are compared without it.
        if name[:-1] < wanted[:-1]:
            low = end
            if data[low : low + 1] == b"^":
                low = data.find(b"\n", low) + 1 or len(data)
        else:
            high = line
    return -1


def _packed_tags(packed: str) -> dict[str, LooseTag]:
    tags = {}
    for line in _read(packed).decode("utf-8", "surrogateescape").split("\n"):
        if line[41:51] == TAGS:
            tags[line[51:]] = LooseTag(line[:40])
    return tags


def _loose_tags(top: str, held: Mapping[str, LooseTag]) -> Iterator[tuple[str, LooseTag]]:
    prefix = len(top) + 1
    for _, _, files in _loose_directories(top):
        for file in files:
            name = file.path[prefix:]
            if name.endswith(".lock"):
                continue
            try:
                stat = file.stat()
            except FileNotFoundError:
                continue
            stamp = f"{stat.st_mtime_ns}:{stat.st_size}:{stat.st_ino}"
            known = held.get(name)
            if known is not None and known.stamp == stamp:
                yield name, known
                continue
            found = OID.match(_read(file.path))
            if found:
                yield name, LooseTag(found[0].decode(), stamp)


def _loose_directories(top: str, skipped: str = "") -> Iterator[tuple[str, int, list["os.DirEntry[str]"]]]:
    """Each directory below `top`: its modification time, taken before it is read, and its files by name.

    The directory of the name `skipped` in `top` itself is left out.
    """
    try:
        waiting = [(top, os.stat(top).st_mtime_ns)]  # noqa: PTH116 - speed, see `_read`
    except FileNotFoundError:
        return
    while waiting:
        directory, time = waiting.pop()
        try:
            with os.scandir(directory) as entries:
                found = sorted(entries, key=_name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        files = []
        for entry in found:
            if entry.name == skipped and directory == top:
                continue
            if entry.is_dir(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    waiting.append((entry.path, entry.stat(follow_symlinks=False).st_mtime_ns))
            else:
                files.append(entry)
        yield directory, time, files


def _read(path: str) -> bytes:
    try:
        # A verb reads refs some forty times; path objects and buffers take longer than the calls.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.readall()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _packed(paths: RepositoryPaths) -> str:
    return f"{paths.common_dir}/packed-refs"


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - speed, see `_read`
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
