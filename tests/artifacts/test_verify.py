"""What somebody relies on is looked at first: the recipe, the chunks, or every byte."""

import random
from dataclasses import replace
from pathlib import Path

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


def test_a_file_that_a_verified_recipe_has_is_not_read_again(store: Store, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    same, other = directory / "same.bin", directory / "other.bin"
    same.write_bytes(random.Random(1).randbytes(2 << 20))
    other.write_bytes(b"one")
    before = store.read_recipe(ingest(store, directory).artifact.recipe)
    other.write_bytes(b"three")
    artifact = ingest(store, directory).artifact
    steps: list[Progress] = []
    verify_artifact(store, artifact, verified=[before], on_progress=steps.append)
    assert steps[-1] == Progress(5, 5)
    verify_artifact(store, artifact, on_progress=steps.append)
    assert steps[-1].total == artifact.size
    stored_files(store, "chunks")[before.chunks[-1].blake3].unlink()
    with pytest.raises(NotFound):
        verify_artifact(store, artifact, verified=[before])


def test_a_file_of_other_chunks_is_read_whatever_digest_it_claims(store: Store) -> None:
    honest, other = (ingest(store, data).artifact for data in (b"content", b"CONTENT"))
    recipe = store.read_recipe(honest.recipe)
    claimed = replace(store.read_recipe(other.recipe), files=recipe.files)
    forged = replace(honest, recipe=store.put_recipe(claimed))
    with pytest.raises(IntegrityError, match="wrong digest"):
        verify_artifact(store, forged, verified=[recipe])
