"""Reads one file of each of many commits, or many blobs, with one `git cat-file`.

For a registry of a hundred thousand versions that takes seconds, where the library, which does not keep large
trees, takes a minute.
"""

from collections.abc import Iterator, Sequence

from regolo_git.errors import Conflict
from regolo_git.git.program import run_git
from regolo_git.git.repository import GitRepository, blob_id

File = tuple[str, bytes]  # the id of the blob, and its bytes


def read_files(git: GitRepository, places: Sequence[tuple[str, str]]) -> list[File | None]:
    """The file at each place, a commit and a path in it; None for one that this cannot read, or is not there.

    To get the reason, read that one by itself.  Raises MissingDependency without `git`.
    """
    return _read(git, [f"{commit}:{path}" for commit, path in places])


def read_blobs(git: GitRepository, oids: Sequence[str]) -> list[bytes | None]:
    """The bytes of each blob; None for one that this cannot read, or is not there, as for `read_files`."""
    return [None if file is None else file[1] for file in _read(git, oids)]


def _read(git: GitRepository, names: Sequence[str]) -> list[File | None]:
    given = "".join(f"{name}\n" for name in names).encode()
    try:
        printed = run_git(git.paths.git_dir, None, "cat-file", "--batch", given=given)
    except Conflict:
        return [None] * len(names)  # it stops at an object that is damaged
    found = list(_split(printed))
    return found if len(found) == len(names) else [None] * len(names)


def _split(printed: bytes) -> Iterator[File | None]:
    at = 0
    while at < len(printed):
        end = printed.index(b"\n", at)
        head = printed[at:end].split(b" ")
        at = end + 1
        if head[-1] == b"missing" or len(head) != 3:
            yield None
            continue
        size = int(head[2])
        oid, data = head[0].decode(), printed[at : at + size]
        # git does not compare the bytes of an object with its name when it only reads it.
        yield (oid, data) if head[1] == b"blob" and blob_id(data) == oid else None
        at += size + 1
