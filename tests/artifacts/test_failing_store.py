"""A store that stops answering in the middle of a job: nothing is half done, and doing it again works."""

from pathlib import Path

import pytest
from support.artifact_files import noise, tree_of
from support.failing_store import FailingStore
from support.local_store import stored_files
from support.model_files import write_safetensors

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.restore.planner import Overwrite
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import TransportError
from regolo_git.store.store import Store

LARGE = {f"t{number}": noise(f"{number}", 300_000) for number in range(8)}


@pytest.mark.parametrize("calls", [0, 1, 5, 9])
def test_an_ingest_writes_no_recipe(store: Store, tmp_path: Path, calls: int) -> None:
    path = write_safetensors(tmp_path / "m.safetensors", LARGE)  # a header, eight tensors and a recipe
    with pytest.raises(TransportError, match="the connection is gone"):
        ingest(FailingStore(store, calls), path)
    assert stored_files(store, "recipes") == {}
    assert len(stored_files(store, "chunks")) == min(calls, 9)
    verify_artifact(store, ingest(store, path).artifact)


@pytest.mark.parametrize("calls", [0, 1, 4, 9])
def test_a_checkout_changes_nothing(store: Store, tmp_path: Path, calls: int) -> None:
    for name in ("a", "b"):
        write_safetensors(tmp_path / "new" / name, LARGE)
        write_safetensors(tmp_path / "there" / name, {name: noise(name, 100)})
    artifact, before = ingest(store, tmp_path / "new").artifact, tree_of(tmp_path / "there")
    force = Overwrite(anything=True)
    with pytest.raises(TransportError, match="the connection is gone"):
        materialize(FailingStore(store, calls), artifact, tmp_path / "there", overwrite=force)
    assert tree_of(tmp_path / "there") == before
    materialize(store, artifact, tmp_path / "there", overwrite=force)
    assert tree_of(tmp_path / "there") == tree_of(tmp_path / "new")
