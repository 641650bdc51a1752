"""The artifacts that a registry needs, for retirement, `fsck` and cleaning.

An artifact is needed if it is named by

- manifests at the tips of branches, remote-tracking branches and proposals, and in work trees;
- tags of versions that are not retired;
- environments and endpoints at those tips (see `BranchRoles` for a registry with an operations branch);
- manifests at every commit that a ref pointed to in the last 90 days, according to the reflogs; environments
  and endpoints on the operations branch in the last 90 days.

The last one expires; the first and the third are `tip_needs`.  An unreadable record may need any artifact, so
nothing may be deleted while there is an `Unreadable`.  Other registries and clones that use the same store
are not covered.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.git.history import UNSHALLOW, FilesOnce, commits_since
from regolo_git.git.prefetch import fetch_missing, fetch_trees
from regolo_git.git.repository import blob_id
from regolo_git.git.tips import Tip, reflog_tips, tips
from regolo_git.git.worktrees import work_trees
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import (
    ENDPOINTS,
    ENVIRONMENTS,
    MODELS,
    endpoint_of,
    manifest_path,
    model_of_manifest,
    place_of_promotion,
)
from regolo_git.records.references import version_reference
from regolo_git.records.tables import of_file
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt, is_record
from regolo_git.system_calls import read_ordinary

FORMER_DAYS = 90
HISTORY = "the history of the operations branch"


@dataclass(frozen=True, slots=True)
class Need:
    """A version whose artifact is needed, and the reason, such as "branch 'main'".

    `remote` if only a remote-tracking branch needs it; its bytes may never have been here.
    """

    manifest: Manifest
    reason: str
    remote: bool = False

    def is_of(self, model: str, version: Version) -> bool:
        """Whether the need is for this version."""
        return self.manifest.model == model and Version.parse(self.manifest.version) == version


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that may need artifacts but cannot be read, and the error."""

    reason: str
    error: RegoloError


Found = Need | Unreadable


def tip_needs(handle: Handle) -> Iterator[Found]:
    """The needs of tips and work trees; each manifest once, with its first reason."""
    yield from _Reader(handle).of_tips()


def all_needs(handle: Handle, now: datetime | None = None) -> Iterator[Found]:
    """The needs of tips, work trees and tags, and of the last 90 days.

    Raises NotFound if there is no registry.
    """
    reader = _Reader(handle)
    yield from reader.of_tips()
    yield from reader.of_tags()
    yield from reader.former((now or datetime.now(UTC)) - timedelta(days=FORMER_DAYS))


@dataclass(frozen=True, slots=True)
class _Pin:
    """A version pinned by an environment or endpoint."""

    model: str
    version: str
    commit: str
    digest: Digest

    @property
    def reference(self) -> str:
        return version_reference(self.model, self.version)


@dataclass(frozen=True, slots=True)
class BranchRoles:
    """The refs of the registry branch and of the operations branch, if they are two branches.

    Each has records of the other kind from the time when they were one, which are out of date: a version that
    was retired since, or demoted, is not needed for them.
    """

    registry: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, handle: Handle) -> Self:
        """The roles of the branches of a clone."""
        branches = handle.registry_branch(), handle.operations_branch()
        return cls(*map(_refs_of, branches)) if branches[0] != branches[1] else cls()

    def has_models(self, tip: Tip) -> bool:
        """Whether manifests at a tip count."""
        return tip.ref not in self.operations

    def has_operations(self, tip: Tip) -> bool:
        """Whether environments and endpoints at a tip count."""
        return tip.ref not in self.registry


def _refs_of(branch: str) -> frozenset[str]:
    return frozenset((f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"))


class _Reader:
    """Reads the records of several commits; records that they share are read once."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._models = FilesOnce(handle.git, MODELS)
        self._environments = FilesOnce(handle.git, ENVIRONMENTS)
        self._endpoints = FilesOnce(handle.git, ENDPOINTS)
        # The artifact's digest by the manifest's blob id; None for an unreadable manifest.
        self._manifests: dict[str, Digest | None] = {}
        self._pins: set[_Pin] = set()

    def of_tips(self) -> Iterator[Found]:
        roles, lacking = BranchRoles.of(self._handle), self._handle.records().lacking
        if lacking is not None:
            yield Unreadable("the operations branch", lacking)
        found = list(tips(self._handle.git))
        self._fetch(found)
        for tip in found:
            yield from self._of_tip(tip, roles)
        for tree in work_trees(self._handle.paths):
            yield from self._of_work_tree(tree.top)

    def of_tags(self) -> Iterator[Found]:
        """The manifests that the tags name.

        `fsck` checks that the commits agree; walking the tree of each commit would take twenty times as long.
        """
        retired = retired_identities(self._handle.records())
        rows = self._handle.index.all_rows()
        fetch_missing(self._handle.git, (row.manifest_oid for row in rows))
        for row in rows:
            if (row.model, row.identity) not in retired:
                reason = Tip(f"tag '{row.tag}'", row.commit_oid)
                yield from self._of_manifest(row.manifest_oid, manifest_path(row.model), reason)

    def former(self, since: datetime) -> Iterator[Found]:
        git = self._handle.git
        for commit in sorted(reflog_tips(git.paths, since)):
            if git.has(commit):  # git has already deleted it
                yield from self._of_models(Tip("a reflog", commit))
        if git.is_shallow:
            error = NotFound(f"this clone is shallow: it lacks {HISTORY}", UNSHALLOW)
            yield Unreadable(HISTORY, error)
        branch = self._handle.operations_branch()
        for tip in filter(None, (git.branch_tip(branch), git.remote_branch_tip("origin", branch))):
            for commit in commits_since(git, tip, since):
                if git.has(commit):  # not below the boundary of a shallow clone
                    yield from self._of_operations(Tip(f"the history of branch '{branch}'", commit))

    def _fetch(self, found: Sequence[Tip]) -> None:
        """Fetches at once what a partial clone lacks of the records at some tips."""
        git = self._handle.git
        if git.promised is not None:
            fetch_trees(git, (tip.commit for tip in found))
            places = [FilesOnce(git, place) for place in (MODELS, ENVIRONMENTS, ENDPOINTS)]
            fetch_missing(git, (oid for tip in found for once in places for oid in _records(once, tip)))

    def _of_tip(self, tip: Tip, roles: BranchRoles) -> Iterator[Found]:
        try:
            if roles.has_models(tip):
                yield from self._of_models(tip)
            if roles.has_operations(tip):
                yield from self._of_operations(tip)
        except RegoloError as error:
            yield Unreadable(tip.name, error)

    def _of_models(self, tip: Tip) -> Iterator[Found]:
        for path, oid in self._models.of(tip.commit):
            if model_of_manifest(path) is not None:
                yield from self._of_manifest(oid, path, tip)

    def _of_manifest(self, oid: str, path: str, tip: Tip) -> Iterator[Found]:
        if oid in self._manifests:
            return
        self._manifests[oid] = None
        try:
            manifest = _parse(self._handle.git.read_blob(oid), path)
        except RegoloError as error:
            yield Unreadable(tip.name, error)
        else:
            self._manifests[oid] = manifest.artifact.digest
            yield Need(manifest, tip.name, tip.remote)

    def _of_work_tree(self, top: Path) -> Iterator[Found]:
        """Manifests that were edited, or that a merge in progress has written."""
        reason = f"work tree '{top}'"
        if (top / MODELS).is_symlink():
            return
        for place in sorted((top / MODELS).rglob("manifest.toml")):
            path = place.relative_to(top).as_posix()
            try:
                data = read_ordinary(place)
                if blob_id(data) not in self._manifests:
                    yield Need(_parse(data, path), reason)
            except IntegrityError as error:
                yield Unreadable(reason, error)
            except OSError as error:
                yield Unreadable(reason, IntegrityError(f"'{path}' cannot be read: {error.strerror}"))

    def _of_operations(self, tip: Tip) -> Iterator[Found]:
        for path, oid in self._environments.of(tip.commit):
            if place_of_promotion(path) is not None:
                yield from self._of_promotion(path, oid, tip)
        for path, oid in self._endpoints.of(tip.commit):
            if endpoint_of(path) is not None:
                yield from self._of_endpoint(path, oid, tip)

    def _of_promotion(self, path: str, oid: str, tip: Tip) -> Iterator[Found]:
        try:
            promotion = Promotion.parse(self._handle.git.read_blob(oid), path)
        except IntegrityError as error:
            yield Unreadable(tip.name, error)
            return
        reason = f"environment '{promotion.environment}' on {tip.name}"
        pin = _Pin(promotion.model, promotion.version, promotion.commit, promotion.digest)
        yield from self._of_pin(pin, replace(tip, name=reason))

    def _of_endpoint(self, path: str, oid: str, tip: Tip) -> Iterator[Found]:
        try:
            endpoint = Endpoint.parse(self._handle.git.read_blob(oid), path)
        except IntegrityError as error:
            yield Unreadable(tip.name, error)
            return
        reason = f"endpoint '{endpoint.endpoint}' on {tip.name}"
        for version, pinned in endpoint.versions.items():
            pin = _Pin(endpoint.model, version, pinned.commit, pinned.digest)
            yield from self._of_pin(pin, replace(tip, name=reason))

    def _of_pin(self, pin: _Pin, tip: Tip) -> Iterator[Found]:
        if pin not in self._pins:
            self._pins.add(pin)
            try:
                oid = self._manifest_of(pin)
            except RegoloError as error:
                yield Unreadable(tip.name, error)
                return
            yield from self._of_manifest(oid, manifest_path(pin.model), tip)
            if self._manifests[oid] not in (None, pin.digest):
                message = (
                    f"'{pin.reference}' is pinned with a different digest than commit '{pin.commit}' has"
                )
                yield Unreadable(tip.name, IntegrityError(message))

    def _manifest_of(self, pin: _Pin) -> str:
        oid = self._handle.git.blob_oid(pin.commit, manifest_path(pin.model))
        if oid is None:
            raise NotFound(f"commit '{pin.commit}' has no manifest of '{pin.reference}'", "git fetch --tags")
        return oid


def _records(once: FilesOnce, tip: Tip) -> Iterator[str]:
    with suppress(RegoloError):  # it is an error where they are read
        yield from (oid for path, oid in once.of(tip.commit) if is_record(path))


def retired_identities(records: RecordsAt) -> set[tuple[str, str]]:
    """Model and identity of each retired version in a readable list."""
    return {
        (model, Version.parse(entry.version).identity)
        for model, listed in records.retired_lists().by_name.items()
        for entry in listed.entries
    }


def _parse(data: bytes, path: str) -> Manifest:
    with of_file(path):
        return Manifest.parse(data)
