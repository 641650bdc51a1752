"""What somebody relies on is looked at first: the recipe, the chunks, or every byte."""

from dataclasses import replace

import pytest
from support.local_store import delete_recipe, stored_files

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.verify import require_artifact, verify_artifact
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.store.store import Store


@pytest.fixture
def artifact(store: Store) -> Artifact:
    return ingest(store, b"content").artifact


def test_an_artifact_that_is_whole_passes_and_is_trusted(
    store: Store, cache: StatCache, artifact: Artifact
) -> None:
    assert require_artifact(store, artifact).artifact_digest == artifact.digest
    steps: list[Progress] = []
    verify_artifact(store, artifact, cache=cache, on_progress=steps.append)
    assert steps == [Progress(7, 7)]
    assert cache.trusts(artifact)


@pytest.mark.parametrize("check", [require_artifact, verify_artifact])
def test_a_recipe_or_chunk_that_is_gone_is_not_found(store: Store, artifact: Artifact, check) -> None:  # type: ignore[no-untyped-def]
    (chunk,) = stored_files(store, "chunks").values()
    chunk.unlink()
    with pytest.raises(NotFound):
        check(store, artifact)
    delete_recipe(store, artifact.recipe)
    with pytest.raises(NotFound, match="recipe"):
        check(store, artifact)


@pytest.mark.parametrize("check", [require_artifact, verify_artifact])
def test_another_artifacts_recipe_is_refused(store: Store, artifact: Artifact, check) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(IntegrityError):
        check(store, replace(artifact, digest=Digest("sha256", "0" * 64)))


def test_a_damaged_chunk_is_found_by_reading_only(store: Store, cache: StatCache, artifact: Artifact) -> None:
    (chunk,) = stored_files(store, "chunks").values()
    chunk.chmod(0o644)
    chunk.write_bytes(b"CONTENT")
    require_artifact(store, artifact)
    with pytest.raises(IntegrityError):
        verify_artifact(store, artifact, cache=cache)
    assert not stored_files(store, "chunks")
