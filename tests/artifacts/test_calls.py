"""What each job asks of the store: every byte is read and written once, and what is known not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.counting_files import CountingFiles
from support.model_files import write_safetensors

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.verify import require_artifact, verify_artifact
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.loose import LooseStore

Settle = Callable[[], None]


@pytest.fixture
def files(tmp_path: Path) -> CountingFiles:
    return CountingFiles(LocalFiles(tmp_path / "store"))


@pytest.fixture
def counted(files: CountingFiles) -> LooseStore:
    files.create_root()
    return LooseStore(files)


def once(calls: dict[str, int]) -> set[str]:
    """The paths of these calls, each of which was asked for once."""
    assert set(calls.values()) <= {1}
    return set(calls)


def test_a_second_version_writes_its_new_chunks_once_and_reads_none(
    files: CountingFiles, counted: LooseStore, tmp_path: Path
) -> None:
    tensors = {f"t{number}": noise(f"{number}", 300_000) for number in range(8)}
    ingest(counted, write_safetensors(tmp_path / "m.safetensors", tensors))
    before = counted.read_recipe(ingest(counted, tmp_path / "m.safetensors").artifact.recipe)
    files.reset()
    changed = write_safetensors(tmp_path / "m.safetensors", tensors | {"t3": noise("new", 300_000)})
    after = counted.read_recipe(ingest(counted, changed).artifact.recipe)
    new = {chunk for chunk in after.chunks if chunk not in before.chunks}
    put = once(files.counted("put", "chunks/"))
    assert {path.rsplit("/", 1)[1] for path in put} == {chunk.blake3 for chunk in after.chunks}
    assert files.written_bytes == sum(chunk.size for chunk in new) + len(after.to_bytes())
    assert files.counted("read_into", "chunks/") == {}


def test_unchanged_content_needs_only_sizes(
    files: CountingFiles, counted: LooseStore, model: Path, cache: StatCache, an_hour_later: Settle
) -> None:
    an_hour_later()
    ingest(counted, model, cache=cache)
    files.reset()
    assert ingest(counted, model, cache=cache).unchanged
    assert files.written_bytes == 0
    assert files.counted("read_into", "") == files.counted("put", "") == {}
    assert once(files.counted("sizes", "chunks/"))


def test_a_checkout_reads_each_chunk_once_and_its_recipe_once(
    files: CountingFiles, counted: LooseStore, model: Path, tmp_path: Path
) -> None:
    stored = ingest(counted, model)
    recipe = counted.read_recipe(stored.artifact.recipe)
    files.reset()
    materialize(counted, stored.artifact, tmp_path / "back")
    read = once(files.counted("read_into", "chunks/"))
    assert {path.rsplit("/", 1)[1] for path in read} == {chunk.blake3 for chunk in recipe.chunks}
    assert len(once(files.counted("read_range", "recipes/"))) == 1
    assert files.read_bytes == sum(chunk.size for chunk in recipe.chunks) + len(recipe.to_bytes())


def test_verifying_reads_each_chunk_once(files: CountingFiles, counted: LooseStore, model: Path) -> None:
    stored = ingest(counted, model)
    files.reset()
    verify_artifact(counted, stored.artifact)
    assert len(once(files.counted("read_into", "chunks/"))) == len(
        set(counted.read_recipe(stored.artifact.recipe).chunks)
    )


def test_looking_whether_an_artifact_is_there_reads_its_recipe_only(
    files: CountingFiles, counted: LooseStore, model: Path
) -> None:
    stored = ingest(counted, model)
    files.reset()
    recipe = require_artifact(counted, stored.artifact)
    assert files.read_bytes == len(recipe.to_bytes())
    assert len(once(files.counted("sizes", "chunks/"))) == len(set(recipe.chunks))
