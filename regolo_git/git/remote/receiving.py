"""A pack from a remote becomes objects of this clone, through dulwich."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pygit2
from dulwich.client import GitClient
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID
from pygit2.enums import SortMode

from regolo_git.durable import make_all_durable, make_directories_durable
from regolo_git.git.refs_state import ref_target, refs_beside_tags
from regolo_git.git.remote.progress import Lines
from regolo_git.git.remote.transport import GitProgress
from regolo_git.git.repository import GitRepository
from regolo_git.git.sharing import share
from regolo_git.git.translate import git_errors

OFFERED = 512  # commits that are offered to the remote, which has most tips, or one not far below
Wants = Callable[..., Sequence[ObjectID]]


class Haves:
    """The newest commits of this clone, one after another; dulwich calls it a graph walker."""

    def __init__(self, git: GitRepository) -> None:
        self._waiting = islice(self._commits(git), OFFERED)
        self.shallow = _shallow(git)

    def _commits(self, git: GitRepository) -> Iterator[ObjectID]:
        walker = git.pygit.walk(None, SortMode.TIME)
        for ref in refs_beside_tags(git.paths):
            oid = ref_target(git.paths, ref)
            if oid is not None and git.has(oid) and isinstance(git.get(oid), pygit2.Commit):
                yield ObjectID(oid.encode())
                walker.push(oid)
        for commit in walker:
            yield ObjectID(str(commit.id).encode())

    def __next__(self) -> ObjectID | None:
        """The next commit, None after the last."""
        return next(self._waiting, None)

    def next(self) -> ObjectID | None:
        """The same."""
        return self.__next__()

    def ack(self, sha: ObjectID) -> None:
        """The remote has it; the rest costs little."""

    def nak(self) -> None:
        """The remote has none of them."""


def _shallow(git: GitRepository) -> set[ObjectID]:
    place = git.paths.common_dir / "shallow"
    return {ObjectID(line) for line in place.read_bytes().split()} if place.is_file() else set()


def receive(
    git: GitRepository, client: GitClient, path: str, wants: Wants, prefixes: Sequence[bytes], lines: Lines
) -> None:
    """Fetches objects; `wants` says which, given the refs of the remote that have one of some prefixes.

    They are durable when this returns.
    """
    with git_errors("the pack of fetched objects"):
        store = DiskObjectStore(str(git.paths.common_dir / "objects"))
        before = set(_packs(git))
        file, commit, abort = store.add_pack()
        write = _Counted(file.write, lines)
    try:
        client.fetch_pack(path, wants, Haves(git), write, progress=lines.feed, ref_prefix=prefixes)  # type: ignore[arg-type]
    except BaseException:
        abort()
        raise
    with git_errors("the pack of fetched objects"):
        commit()
        store.close()
        _keep(git, set(_packs(git)) - before)
    git.reopen()


class _Counted:
    """Writes what arrives, and reports how much that is."""

    def __init__(self, write: Callable[[bytes], int], lines: Lines) -> None:
        self._write = write
        self._lines = lines
        self._bytes = 0

    def __call__(self, data: bytes) -> int:
        """Writes some bytes."""
        self._bytes += len(data)
        self._lines.on_progress(GitProgress("Receiving bytes", self._bytes, None))
        return self._write(data)


def _packs(git: GitRepository) -> Iterator[Path]:
    return (git.paths.common_dir / "objects" / "pack").glob("pack-*")


def _keep(git: GitRepository, files: set[Path]) -> None:
    """Makes new packs durable, and gives them the modes of a repository that a group shares."""
    with ExitStack() as opened:
        descriptors = []
        for file in sorted(files):
            share(file, git.shared)
            descriptors.append(os.open(file, os.O_RDONLY | os.O_CLOEXEC))
            opened.callback(os.close, descriptors[-1])
        make_all_durable(descriptors)
    make_directories_durable({file.parent for file in files})
