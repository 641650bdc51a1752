"""The objects that a partial clone lacks, fetched from its promisor remote when they are read.

The library reads what is here and asks this backend for anything else; `git` fetches it, as it does for its
own commands.  Callers that are about to read many objects name them first (`fetch`), because each object
alone costs a round trip.
"""

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress

import pygit2

from regolo_git.errors import MissingObject, NotFound, TransportError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.program import FETCH_ALL

PROMISOR = re.compile(r"^\s*promisor\s*(?:=\s*\"?(?:true|yes|on|1)\"?\s*)?$", re.IGNORECASE | re.MULTILINE)
EXTENSION = re.compile(r"^\s*partialclone\s*=", re.IGNORECASE | re.MULTILINE)
KINDS = {
    b"commit": pygit2.enums.ObjectType.COMMIT,
    b"tree": pygit2.enums.ObjectType.TREE,
    b"blob": pygit2.enums.ObjectType.BLOB,
    b"tag": pygit2.enums.ObjectType.TAG,
}
WHOLE = 40  # digits of an id; objects are not looked for by an abbreviation
UNKNOWN = "not our ref"  # the remote does not have it either
# As git itself fetches such objects.
FETCH = (
    "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--no-tags", "--no-write-fetch-head",
    "--recurse-submodules=no", "--filter=blob:none", "--quiet",
)  # fmt: skip

Stored = tuple[pygit2.enums.ObjectType, bytes]


def open_repository(paths: RepositoryPaths) -> tuple[pygit2.Repository, "PromisedObjects | None"]:
    """Opens a repository; in a partial clone, missing objects are fetched when they are read."""
    if not _is_partial(paths):
        return pygit2.Repository(str(paths.git_dir)), None
    pygit2.settings.set_extensions(["partialclone"])  # the library refuses it, because it fetches nothing
    opened = pygit2.Repository(str(paths.git_dir))
    promised = PromisedObjects(paths, _promisor(opened.config))
    opened.odb.add_backend(promised, 0)  # after the objects that are here
    return opened, promised


def _is_partial(paths: RepositoryPaths) -> bool:
    config = paths.common_dir / "config"
    text = config.read_text(errors="replace") if config.is_file() else ""
    return PROMISOR.search(text) is not None or EXTENSION.search(text) is not None


def _promisor(config: pygit2.Config) -> str:
    """The name of the remote: older releases of git wrote it under `extensions`."""
    names = [entry.name.split(".", 1)[1].rpartition(".")[0] for entry in config if _names_promisor(entry)]
    former = "extensions.partialclone"
    return names[0] if names else next(iter(config.get_multivar(former)), None) or "origin"


def _names_promisor(entry: pygit2.config.ConfigEntry) -> bool:
    return entry.name.startswith("remote.") and entry.name.endswith(".promisor")


class PromisedObjects(pygit2.OdbBackend):
    """A backend of the library's object database.

    Reading raises MissingObject for an object that the remote does not have, TransportError if the remote
    cannot be reached; it is then not asked again.
    """

    def __init__(self, paths: RepositoryPaths, remote: str) -> None:
        super().__init__()
        self._paths = paths
        self._remote = remote
        self._unreachable: TransportError | None = None
        # The library does not look for new packs before it asks this backend.
        self._here = pygit2.Repository(str(paths.git_dir))

    def fetch(self, oids: Sequence[str]) -> None:
        """Fetches several objects, and whatever is in those that are trees, in one round trip.

        What cannot be fetched now is asked for when it is read.
        """
        if self._unreachable is None:
            wanted = "".join(f"{oid}\n" for oid in oids).encode()
            with suppress(TransportError, NotFound):
                self._ask_remote(*FETCH, "--stdin", self._remote, given=wanted)

    # -- the library's interface --------------------------------------------------------------------------

    def read_cb(self, oid: pygit2.Oid | str) -> Stored:
        """The kind and bytes of an object."""
        wanted = pygit2.Oid(hex=str(oid))
        if wanted in self._here.odb:
            kind, data = self._here.read(wanted)
            return pygit2.enums.ObjectType(kind), data
        return self._ask(str(oid))

    def _ask(self, oid: str) -> Stored:
        if self._unreachable is not None:
            raise self._unreachable
        try:
            output = self._ask_remote("cat-file", "--batch", given=f"{oid}\n".encode())
        except (TransportError, NotFound) as error:
            if UNKNOWN in error.message:
                raise self._gone(oid) from error
            message = f"object '{oid}' is not in this partial clone and cannot be fetched: {error.message}"
            self._unreachable = TransportError(message, FETCH_ALL)
            raise self._unreachable from error
        head, _, data = output.partition(b"\n")
        words = head.split()
        if len(words) != 3 or words[1] not in KINDS:
            raise self._gone(oid)
        return KINDS[words[1]], data[: int(words[2])]

    def _gone(self, oid: str) -> MissingObject:
        # `git fsck` is content, because a promise counts for it.
        what = f"object '{oid}' is not in this partial clone, and remote '{self._remote}' has it no longer"
        return MissingObject(what, f"git fetch --prune {shlex.quote(self._remote)}")

    def _ask_remote(self, *arguments: str, given: bytes) -> bytes:
        from regolo_git.git.remote.process import ask_remote  # noqa: PLC0415 - few clones are partial

        return ask_remote(self._paths, self._remote, *arguments, given=given)

    def read_prefix_cb(self, oid: str) -> tuple[pygit2.enums.ObjectType, bytes, str]:
        """An object by its id; the library reads raw objects in this way."""
        if len(oid) < WHOLE:
            raise KeyError(oid)
        return (*self.read_cb(oid), oid)

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[pygit2.enums.ObjectType, int]:
        """The kind and size of an object."""
        kind, data = self.read_cb(oid)
        return kind, len(data)

    def exists_cb(self, oid: pygit2.Oid) -> bool:  # noqa: ARG002 - the library's interface
        """Nothing more is here."""
        return False

    def exists_prefix_cb(self, oid: str) -> str:
        """Nothing more is here."""
        raise KeyError(oid)

    def refresh_cb(self) -> None:
        """There is nothing to read again."""
