"""The manifests whose artifacts are needed now, by their blob ids, without reading them.

The same ones as `reachable.all_needs` reads, except those of the last 90 days; one that only a work tree has
comes with its bytes.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from regolo_git.errors import IntegrityError, RegoloError
from regolo_git.git.history import FilesOnce
from regolo_git.git.repository import blob_id
from regolo_git.git.tips import tips
from regolo_git.git.worktrees import work_trees
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.paths import (
    ENDPOINTS,
    ENVIRONMENTS,
    MODELS,
    endpoint_of,
    manifest_path,
    model_of_manifest,
    place_of_promotion,
)
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.reachable import BranchRoles, retired_identities
from regolo_git.system_calls import read_ordinary


@dataclass(slots=True)
class NeededManifests:
    """The blob ids of the needed manifests; `edited` has the bytes of those that only a work tree has."""

    oids: set[str]
    edited: dict[str, bytes] = field(default_factory=dict)


def needed_manifests(handle: Handle) -> NeededManifests:
    """The manifests of tags that are not retired, of tips and work trees, and those that tips pin."""
    retired = retired_identities(handle.records())
    tagged = handle.index.manifests()
    needed = NeededManifests({oid for model, identity, oid in tagged if (model, identity) not in retired})
    models, pins = FilesOnce(handle.git, MODELS), _Pins(handle)
    roles = BranchRoles.of(handle)
    for tip in tips(handle.git):
        try:
            for path, oid in models.of(tip.commit) if roles.has_models(tip) else ():
                if model_of_manifest(path) is not None:
                    needed.oids.add(oid)
            if roles.has_operations(tip):
                pins.collect(tip.commit)
        except RegoloError:
            continue  # a tip that cannot be read; `all_needs` names it
    needed.oids.update(pins.manifests())
    for tree in work_trees(handle.paths):
        for data in _of_work_tree(tree.top):
            oid = blob_id(data)
            if oid not in needed.oids:
                needed.oids.add(oid)
                needed.edited[oid] = data
    return needed


class _Pins:
    """The versions that environments and endpoints pin."""

    def __init__(self, handle: Handle) -> None:
        self._git, self._index = handle.git, handle.index
        self._environments = FilesOnce(handle.git, ENVIRONMENTS)
        self._endpoints = FilesOnce(handle.git, ENDPOINTS)
        self._found: set[tuple[str, str, str]] = set()  # model, identity and commit

    def collect(self, commit: str) -> None:
        """Notes the pins at a commit."""
        for path, oid in self._environments.of(commit):
            if place_of_promotion(path) is not None:
                self._collect_promotion(path, oid)
        for path, oid in self._endpoints.of(commit):
            if endpoint_of(path) is not None:
                self._collect_endpoint(path, oid)

    def manifests(self) -> Iterator[str]:
        """The blob ids of the manifests of all noted pins."""
        # The tag says what its commit has, as for `reachable.of_tags`.
        rows = self._index.find_all((model, identity) for model, identity, _ in self._found)
        for model, identity, commit in self._found:
            row = rows.get((model, identity))
            if row is not None and row.commit_oid == commit:
                yield row.manifest_oid
                continue
            with suppress(RegoloError):
                oid = self._git.blob_oid(commit, manifest_path(model))
                if oid is not None:
                    yield oid

    def _collect_promotion(self, path: str, oid: str) -> None:
        with suppress(IntegrityError):
            promotion = Promotion.parse(self._git.read_blob(oid), path)
            self._add(promotion.model, promotion.version, promotion.commit)

    def _collect_endpoint(self, path: str, oid: str) -> None:
        with suppress(IntegrityError):
            endpoint = Endpoint.parse(self._git.read_blob(oid), path)
            for version, pinned in endpoint.versions.items():
                self._add(endpoint.model, version, pinned.commit)

    def _add(self, model: str, version: str, commit: str) -> None:
        self._found.add((model, Version.parse(version).identity, commit))


def _of_work_tree(top: Path) -> Iterator[bytes]:
    if (top / MODELS).is_symlink():
        return
    for place in sorted((top / MODELS).rglob("manifest.toml")):
        with suppress(OSError):
            yield read_ordinary(place)
