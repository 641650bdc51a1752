"""A `Source` over a registry: the head of its operations branch, the endpoints, files of pinned versions."""

import shutil
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import islice
from pathlib import Path

from regolo_git.artifacts.disk_digest import check_digest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.manifest import Manifest
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_events
from regolo_git.registry.fetching import fetch_recipe, fetching
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import Listing
from regolo_git.serving.desired import EndpointChanges
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.remote_follower import remote_head


class RegistrySource:
    """The desired state of a registry's endpoints, read from its operations branch at each commit.

    Each thread has a handle of its own: neither the Git library nor sqlite can be shared between threads.
    """

    def __init__(self, open_handle: Callable[[], Handle], directory: Path, remote: str | None = None) -> None:
        """`directory` receives the fetched artifacts, one directory for each digest.

        With `remote`, the branch is that of this remote as last fetched, instead of the one of the clone.
        """
        self._open = open_handle
        self._directory = directory
        self._remote = remote
        self._of_thread = threading.local()

    @property
    def _handle(self) -> Handle:
        opened: Handle | None = getattr(self._of_thread, "handle", None)
        if opened is None:
            opened = self._of_thread.handle = self._open()
        return opened

    def head(self) -> str:
        """The commit at the tip of the operations branch.  Raises NotFound if there is none."""
        if self._remote is not None:
            return remote_head(self._handle, self._remote)
        return self._handle.operations_tip()

    def endpoints(self, commit: str) -> Listing[Endpoint]:
        """Every endpoint as of a commit, and what is wrong with those that cannot be read."""
        return self._handle.records_at(commit).endpoints()

    def changes(self, endpoint: str, commit: str, most: int) -> EndpointChanges:
        """The newest changes of an endpoint as of a commit; a shallow clone has only some of them."""
        found: list[EndpointEvent] = []
        try:
            found.extend(islice(endpoint_events(self._handle, commit, endpoint), most))
        except NotFound as error:
            return EndpointChanges(tuple(found), error.message)
        return EndpointChanges(tuple(found))

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """Fetches a pinned version into a directory of its own, verified against the pinned digest.

        Raises NotFound if the commit or the bytes are missing, IntegrityError if the digest differs.
        """
        handle, manifest = self._handle, self._manifest(model, pinned)
        place = self._directory / pinned.digest.hex / (manifest.artifact.file_name or "artifact")
        if place.exists() and not _is_intact(place, pinned.digest):
            # The directory is ours, so changed files are removed: a model's own code may have written there.
            shutil.rmtree(place.parent)
        place.parent.mkdir(parents=True, exist_ok=True)
        artifact = replace(manifest.artifact, digest=pinned.digest)
        fetch_recipe(handle, manifest)
        materialize(
            handle.stores,
            artifact,
            place,
            root=self._directory,
            cache=handle.cache,
            fetch=fetching(handle),
        )
        return ModelFiles(place, manifest.serving, pinned.digest)

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes the artifacts of other digests, including those fetched by an earlier engine."""
        kept = {digest.hex for digest in digests}
        for place in self._directory.glob("*"):
            if place.name not in kept:
                shutil.rmtree(place, ignore_errors=True)

    def _manifest(self, model: str, pinned: PinnedVersion) -> Manifest:
        manifest = self._handle.records_at(pinned.commit).manifest(model)
        if manifest is None:
            raise NotFound(f"commit '{pinned.commit}' has no manifest of '{model}'", "git fetch --tags")
        return manifest


def _is_intact(place: Path, expected: Digest) -> bool:
    try:
        check_digest(place, expected)
    except IntegrityError:
        return False
    return True
