"""The transport where there is no `git` program: dulwich over HTTP and SSH, this program itself by path.

dulwich moves no ref of this clone, and decides nothing about refs of the remote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dulwich.client import GitClient, SendPackResult
from dulwich.objects import ShaFile
from dulwich.pack import UnpackedObject, pack_objects_to_data

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.hooks import PRE_PUSH, run_hook
from regolo_git.git.ref_files import RefChange
from regolo_git.git.ref_update import update_refs
from regolo_git.git.refs_state import ref_target
from regolo_git.git.remote.addresses import PathAddress, address_of, push_urls
from regolo_git.git.remote.by_path import known_of, open_at, push_to, refs_at
from regolo_git.git.remote.connections import Connections
from regolo_git.git.remote.failures import without_credentials
from regolo_git.git.remote.missing_objects import objects_to_send
from regolo_git.git.remote.patterns import matching, split_patterns
from regolo_git.git.remote.porcelain import judged, not_sent, refused
from regolo_git.git.remote.progress import Lines
from regolo_git.git.remote.receiving import receive
from regolo_git.git.remote.rules import against, hopeless
from regolo_git.git.remote.transport import (
    ABSENT,
    BRANCHES,
    GitProgress,
    OnGitProgress,
    Outcome,
    Pushed,
    RefUpdate,
    Refusal,
    ignore_git_progress,
)
from regolo_git.git.repository import GitRepository

AT_ONCE = 100  # refs of this clone whose locks are open files
FETCHED = "fetch"
HEAD = b"HEAD"


class _Refused(Exception):
    """The remote's present refs refuse some updates."""

    def __init__(self, causes: Mapping[str, Refusal]) -> None:
        super().__init__()
        self.causes = causes


class DulwichTransport:
    """See `Transport`."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._connections = Connections(git)

    def refs(self, remote: str, patterns: Iterable[str]) -> dict[str, str]:
        """See `Transport.refs`."""
        wanted = tuple(patterns)
        if (there := self._at_path(remote)) is not None:
            return refs_at(there, wanted)
        lines = Lines(ignore_git_progress, mixed=False)
        found = self._connections.exchange(
            remote, lines, lambda client, path: client.get_refs(path.encode(), ref_prefix=_prefixes(wanted))
        )
        return matching(_texts(found.refs), wanted)

    def head(self, remote: str) -> str | None:
        """The branch of a remote's HEAD; None on a detached one."""
        if (there := self._at_path(remote)) is not None:
            return there.head_branch()
        lines = Lines(ignore_git_progress, mixed=False)
        found = self._connections.exchange(
            remote, lines, lambda client, path: client.get_refs(path.encode(), ref_prefix=[HEAD])
        )
        target = {bytes(ref): bytes(to) for ref, to in found.symrefs.items()}.get(HEAD, b"").decode()
        return target.removeprefix(BRANCHES) if target.startswith(BRANCHES) else None

    def fetch(
        self, remote: str, refspecs: Sequence[str], on_progress: OnGitProgress = ignore_git_progress
    ) -> None:
        """See `Transport.fetch`."""
        if not refspecs:
            return
        specs = [_Spec(refspec) for refspec in refspecs]
        if (there := self._at_path(remote)) is not None:
            found = _selected(remote, specs, refs_at(there, [spec.source for spec in specs]))
            if not self._lacked(found):
                self._move(found)
                return
        moves: list[tuple[str, str]] = []
        lines = Lines(on_progress, mixed=False)

        def wants(refs: Mapping[bytes, bytes], depth: int | None = None) -> list[bytes]:  # noqa: ARG001 - dulwich's
            moves[:] = _selected(remote, specs, _texts(refs))
            return [oid.encode() for oid in self._lacked(moves)]

        prefixes = _prefixes([spec.source for spec in specs])
        self._connections.exchange(
            remote,
            lines,
            lambda client, path: receive(self._git, client, path, wants, prefixes, lines),  # type: ignore[arg-type]
        )
        self._move(moves)

    def _lacked(self, moves: Sequence[tuple[str, str]]) -> list[str]:
        """The objects to ask for: one that no ref names may be the rest of a fetch that was killed."""
        named = set(refs_at(self._git, ["refs/*"]).values())
        return list(dict.fromkeys(oid for _, oid in moves if oid not in named))

    def _move(self, moves: Sequence[tuple[str, str]]) -> None:
        """Moves refs of this clone to what was fetched; those without a name are objects only."""
        before = {ref: ref_target(self._git.paths, ref) for ref, _ in moves if ref}
        changes = [
            RefChange(ref, before[ref], oid, FETCHED) for ref, oid in moves if ref and before[ref] != oid
        ]
        for start in range(0, len(changes), AT_ONCE):
            update_refs(self._git, changes[start : start + AT_ONCE], lambda: None, lambda: None)

    def push(
        self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress = ignore_git_progress
    ) -> Pushed:
        """See `Transport.push`; each URL of the remote in turn, until one refuses."""
        causes = hopeless(self._git, updates)
        if causes or not updates:
            return not_sent(updates, causes)
        pushed = Pushed({})
        for url in push_urls(self._git, remote):
            pushed = self._push_to(url, updates, on_progress)
            if pushed.refused:
                break
        return pushed

    def _push_to(self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress) -> Pushed:
        try:
            if (there := self._at_path(remote, push=True)) is not None:
                theirs = refs_at(there, ["refs/*"])
                self._check(remote, str(there.paths.top), updates, theirs)
                return push_to(self._git, there, updates, theirs, on_progress)
            return self._push(remote, updates, on_progress)
        except _Refused as refusal:
            return not_sent(updates, refusal.causes)

    def _push(self, remote: str, updates: Sequence[RefUpdate], on_progress: OnGitProgress) -> Pushed:
        theirs: dict[str, str] = {}
        lines = Lines(on_progress, mixed=False)

        def changed(refs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
            theirs.update(_texts(refs))
            self._check(remote, self._url(remote), updates, theirs)
            return {u.ref.encode(): u.new.encode() for u in updates if theirs.get(u.ref) != u.new}

        def pack(*_: object, **__: object) -> tuple[int, Iterator[UnpackedObject]]:
            oids = objects_to_send(
                self._git, [update.new for update in updates], known_of(self._git, updates, theirs)
            )
            return pack_objects_to_data(_Objects(self._git, oids, on_progress))  # type: ignore[arg-type]

        def send(client: GitClient, path: str) -> SendPackResult:
            return client.send_pack(path.encode(), changed, pack, lines.feed, atomic=len(updates) > 1)  # type: ignore[arg-type]

        result = self._connections.exchange(remote, lines, send, push=True)
        lines.end()
        status = {ref.decode(): reason for ref, reason in (result.ref_status or {}).items()}
        outcomes = [_outcome(update.ref, status.get(update.ref), lines.said) for update in updates]
        return judged(outcomes, lines.said)

    def _check(self, remote: str, url: str, updates: Sequence[RefUpdate], theirs: Mapping[str, str]) -> None:
        """Asks the rules, then the `pre-push` hook.  Raises _Refused, and Conflict if the hook says no."""
        causes = against(self._git, updates, theirs)
        if causes:
            raise _Refused(causes)
        given = "".join(
            f"{update.new} {update.new} {update.ref} {theirs.get(update.ref, ABSENT)}\n"
            for update in updates
            if theirs.get(update.ref) != update.new
        )
        end = run_hook(self._git, PRE_PUSH, remote, url, given=given.encode("utf-8", "surrogateescape"))
        if end is not None and end.status != 0:
            told = "; ".join(end.words.splitlines())
            raise Conflict(f"hook '{PRE_PUSH}' refused the push: {told or 'it gave no reason'}")

    def _url(self, remote: str) -> str:
        return self._git.config_get(f"remote.{remote}.url") or remote

    def _at_path(self, remote: str, *, push: bool = False) -> GitRepository | None:
        """The repository of a remote on this machine."""
        address = address_of(self._git, remote, push=push)
        return open_at(remote, address.path) if isinstance(address, PathAddress) else None


class _Spec:
    """A refspec: what to fetch, and the ref of this clone for it, if there is one."""

    def __init__(self, refspec: str) -> None:
        self.source, _, self.destination = refspec.removeprefix("+").partition(":")

    def moves(self, refs: Mapping[str, str]) -> list[tuple[str, str]]:
        """The refs of this clone ("" for objects alone) with their new objects."""
        if not self.source.endswith("*"):
            return [(self.destination, refs[self.source])] if self.source in refs else []
        beginning = self.source.removesuffix("*")
        return [
            (self.destination.replace("*", ref.removeprefix(beginning)), oid)
            for ref, oid in refs.items()
            if ref.startswith(beginning)
        ]


def _selected(remote: str, specs: Sequence[_Spec], refs: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the refspecs select.  Raises NotFound for a ref that is named in full and not there."""
    found = matching(refs, ["refs/*"])
    for spec in specs:
        if not spec.source.endswith("*") and spec.source not in found:
            name = without_credentials(remote)
            raise NotFound(f"remote '{name}': there is no ref '{spec.source}'", f"git ls-remote {name}")
    return [move for spec in specs for move in spec.moves(found)]


class _Objects:
    """Objects of this clone, read one after another."""

    def __init__(self, git: GitRepository, oids: Sequence[str], on_progress: OnGitProgress) -> None:
        self._git = git
        self._oids = oids
        self._on_progress = on_progress

    def __len__(self) -> int:
        """How many there are."""
        return len(self._oids)

    def __iter__(self) -> Iterator[ShaFile]:
        """The objects."""
        for number, oid in enumerate(self._oids, 1):
            held = self._git.get(oid)
            self._on_progress(GitProgress("Writing objects", number, len(self._oids)))
            yield ShaFile.from_raw_string(int(held.type), held.read_raw())


def _outcome(ref: str, reason: str | None, said: Sequence[str]) -> Outcome:
    return Outcome(ref) if reason is None else refused(ref, reason, said)


def _prefixes(patterns: Iterable[str]) -> list[bytes]:
    exact, beginnings = split_patterns(patterns)
    return [text.encode() for text in (*sorted(exact), *beginnings)] or [b"refs/regolo/none"]


def _texts(refs: Mapping[Any, bytes | None]) -> dict[str, str]:
    return {
        ref.decode("utf-8", "surrogateescape"): oid.decode() for ref, oid in refs.items() if oid is not None
    }
