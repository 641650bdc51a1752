"""The manifests whose artifacts are needed now, by their blob ids, without reading them.

The same ones as `reachable.present_needs` reads; one that only a work tree has comes with its bytes.
"""

from collections.abc import Iterator
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
from regolo_git.registry.reachable import retired_identities
from regolo_git.system_calls import read_ordinary

NeededManifest = tuple[str, bytes | None]


def needed_manifests(handle: Handle) -> Iterator[NeededManifest]:
    """The manifests of tags that are not retired, of tips and work trees, and those that tips pin."""
    tagged = handle.index.manifests()
    retired = retired_identities(handle.records())
    yield from (
        (oid, None) for (model, identity, _), oid in tagged.items() if (model, identity) not in retired
    )
    models = FilesOnce(handle.git, MODELS)
    pins = _Pins(handle, tagged)
    for tip in tips(handle.git):
        try:
            for path, oid in models.of(tip.commit):
                if model_of_manifest(path) is not None:
                    yield oid, None
            yield from pins.of(tip.commit)
        except RegoloError:
            continue  # a tip that cannot be read; `present_needs` names it
    for tree in work_trees(handle.paths):
        yield from _of_work_tree(tree.top)


class _Pins:
    """The manifests that environments and endpoints pin, each pin once."""

    def __init__(self, handle: Handle, tagged: dict[tuple[str, str, str], str]) -> None:
        self._git = handle.git
        self._tagged = tagged
        self._environments = FilesOnce(handle.git, ENVIRONMENTS)
        self._endpoints = FilesOnce(handle.git, ENDPOINTS)

    def of(self, commit: str) -> Iterator[NeededManifest]:
        for path, oid in self._environments.of(commit):
            if place_of_promotion(path) is not None:
                yield from self._of_promotion(path, oid)
        for path, oid in self._endpoints.of(commit):
            if endpoint_of(path) is not None:
                yield from self._of_endpoint(path, oid)

    def _of_promotion(self, path: str, oid: str) -> Iterator[NeededManifest]:
        try:
            promotion = Promotion.parse(self._git.read_blob(oid), path)
        except IntegrityError:
            return
        yield from self._of_pin(promotion.model, promotion.version, promotion.commit)

    def _of_endpoint(self, path: str, oid: str) -> Iterator[NeededManifest]:
        try:
            endpoint = Endpoint.parse(self._git.read_blob(oid), path)
        except IntegrityError:
            return
        for version, pinned in endpoint.versions.items():
            yield from self._of_pin(endpoint.model, version, pinned.commit)

    def _of_pin(self, model: str, version: str, commit: str) -> Iterator[NeededManifest]:
        # The tag says what its commit has, as for `reachable.of_tags`.
        oid = self._tagged.get((model, Version.parse(version).identity, commit))
        if oid is None:
            try:
                oid = self._git.blob_oid(commit, manifest_path(model))
            except RegoloError:
                return
        if oid is not None:
            yield oid, None


def _of_work_tree(top: Path) -> Iterator[NeededManifest]:
    if (top / MODELS).is_symlink():
        return
    for place in sorted((top / MODELS).rglob("manifest.toml")):
        try:
            data = read_ordinary(place)
        except OSError:
            continue
        yield blob_id(data), data
