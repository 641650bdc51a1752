"""What the cache and the store are both sure of is not read again; anything else is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.local_store import delete_recipe, stored_files

from regolo_git.artifacts.ingest.cuts import EDGE_FILE
from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.ingest.known_artifacts import KnownArtifacts
from regolo_git.artifacts.source.snapshot import Snapshot
from regolo_git.artifacts.source.walk import look
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.records.manifest import Artifact
from regolo_git.store.store import Store

Settle = Callable[[], None]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "large.bin").write_bytes(noise("large", 2 * EDGE_FILE))
    (tmp_path / "m" / "small.bin").write_bytes(noise("small", 1000))
    return tmp_path / "m"


@pytest.fixture
def artifact(store: Store, cache: StatCache, top: Path, an_hour_later: Settle) -> Artifact:
    an_hour_later()
    return ingest(store, top, cache=cache).artifact


def known(store: Store, cache: StatCache | None, top: Path) -> tuple[KnownArtifacts, Snapshot]:
    snapshot = look(top)
    return KnownArtifacts(store, snapshot, "sha256", cache), snapshot


def test_an_unchanged_artifact_is_known_whole(
    store: Store, cache: StatCache, top: Path, artifact: Artifact
) -> None:
    recipe = known(store, cache, top)[0].whole()
    assert recipe is not None
    assert Artifact.of(recipe) == artifact


def test_without_a_cache_nothing_is_known(store: Store, top: Path, artifact: Artifact) -> None:
    artifacts, snapshot = known(store, None, top)
    assert artifacts.whole() is None
    assert [artifacts.fragment(file) for file in snapshot.files] == [None, None]


def test_a_large_file_beside_a_changed_one_is_known_by_its_own_chunks(
    store: Store, cache: StatCache, top: Path, artifact: Artifact
) -> None:
    (top / "small.bin").write_bytes(b"changed")
    artifacts, snapshot = known(store, cache, top)
    large, small = (artifacts.fragment(file) for file in snapshot.files)
    assert artifacts.whole() is None
    assert small is None
    assert large is not None
    assert sum(chunk.size for chunk in large.chunks) == 2 * EDGE_FILE


def test_a_changed_mode_is_another_artifact(
    store: Store, cache: StatCache, top: Path, artifact: Artifact
) -> None:
    (top / "small.bin").chmod(0o755)
    assert known(store, cache, top)[0].whole() is None


@pytest.mark.parametrize("lost", ["recipe", "chunks"])
def test_lost_artifacts_are_not_known(
    store: Store, cache: StatCache, top: Path, artifact: Artifact, lost: str
) -> None:
    if lost == "recipe":
        delete_recipe(store, artifact.recipe)
    else:
        for path in stored_files(store, "chunks").values():
            path.unlink()
    artifacts, snapshot = known(store, cache, top)
    assert artifacts.whole() is None
    assert [artifacts.fragment(file) for file in snapshot.files] == [None, None]
