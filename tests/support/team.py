"""A registry with a shared store in a directory, and clones of it that have no bytes yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from regolo_git.api import Registry
from regolo_git.artifacts.transfer.send import send
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from support.git_program import git
from support.local_store import stored_files


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """The directory of the shared store."""
    return tmp_path / "team"


@pytest.fixture
def publisher(git_repository: Path, team: Path) -> Iterator[Registry]:
    with Registry.init(git_repository, str(team)) as opened:
        yield opened


def send_all(registry: Registry) -> None:
    """Sends every version to the shared store, as a push does."""
    handle = registry.handle
    shared = handle.shared_stores.open_to_push(lambda _: False)
    assert shared is not None
    manifests = [read_tagged_manifest(handle, row) for row in handle.index.all_rows()]
    send(handle.store, shared, [manifest.artifact.recipe for manifest in manifests])


def clone_of(registry: Registry, place: Path) -> Path:
    """A clone by git that has confirmed the shared store."""
    git(place.parent, "clone", "-q", str(registry.handle.paths.top), str(place))
    handle = Handle.open(place, {})
    url = handle.config().store_url
    assert url is not None
    handle.shared_stores.confirm_url(url)
    handle.close()
    return place


def local_chunks(top: Path) -> set[str]:
    """The chunks in the local store of a clone."""
    handle = Handle.open(top, {})
    try:
        return set(stored_files(handle.store, "chunks"))
    finally:
        handle.close()
