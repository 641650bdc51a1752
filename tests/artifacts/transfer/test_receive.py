"""Fetching chunks into a store: only what it lacks, and the recipe last."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.failing_store import FailingStore
from support.local_store import stored_files

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.transfer.receive import Received, receive
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import NotFound, TransportError
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store


class Fetched:
    """Reads chunks of another store one by one, and keeps in mind which."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.read: list[RecipeChunk] = []

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk]
    ) -> Iterator[tuple[RecipeChunk, bytearray]]:
        for chunk in chunks:
            assert chunk in recipe.chunks
            data = bytearray(chunk.size)
            self._store.read_chunk_into(chunk.blake3, memoryview(data))
            self.read.append(chunk)
            yield chunk, data


@pytest.fixture
def here(tmp_path: Path) -> Store:
    return LooseStore.open_or_create(str(tmp_path / "here"))


@pytest.fixture
def recipe(store: Store, model: Path) -> Recipe:
    (model / "more.bin").write_bytes(noise("more", 6 << 20))
    return store.read_recipe(ingest(store, model).artifact.recipe)


def test_everything_is_fetched_once(store: Store, here: Store, recipe: Recipe) -> None:
    source = Fetched(store)
    assert receive(source, here, recipe) == Received(len(set(recipe.chunks)), recipe.size)
    verify_recipe(here, here.read_recipe(recipe.address))
    assert receive(source, here, recipe) == Received(0, 0)
    assert len(source.read) == len(set(recipe.chunks))


def test_the_progress_counts_what_was_there_as_found(store: Store, here: Store, recipe: Recipe) -> None:
    receive(Fetched(store), here, recipe, recipe.chunks[:2])
    there = sum(chunk.size for chunk in recipe.chunks[:2])
    seen: list[Progress] = []
    receive(Fetched(store), here, recipe, on_progress=seen.append)
    assert seen[0] == Progress(there, recipe.size, found=there)
    assert seen[-1] == Progress(recipe.size, recipe.size, found=there)


def test_some_chunks_come_with_the_recipe(store: Store, here: Store, recipe: Recipe) -> None:
    receive(Fetched(store), here, recipe, recipe.chunks[:1])
    assert set(stored_files(here, "chunks")) == {recipe.chunks[0].blake3}
    assert here.read_recipe(recipe.address) == recipe


def test_chunks_that_arrived_before_an_error_are_not_fetched_again(
    store: Store, here: Store, recipe: Recipe
) -> None:
    calls = len(set(recipe.chunks)) // 2
    with pytest.raises(TransportError):
        receive(Fetched(FailingStore(store, calls)), here, recipe)
    assert not here.has_recipe(recipe.address)
    arrived = set(stored_files(here, "chunks"))
    source = Fetched(store)
    receive(source, here, recipe)
    assert arrived.isdisjoint(chunk.blake3 for chunk in source.read)
    verify_recipe(here, recipe)


def test_a_store_that_cannot_be_written_ends_it(store: Store, here: Store, recipe: Recipe) -> None:
    with pytest.raises(TransportError, match="the connection is gone"):
        receive(Fetched(store), FailingStore(here, 2), recipe)
    assert not here.has_recipe(recipe.address)


def test_a_chunk_that_the_source_lacks_ends_it(store: Store, here: Store, recipe: Recipe) -> None:
    stored_files(store, "chunks")[recipe.chunks[-1].blake3].unlink()
    with pytest.raises(NotFound, match=recipe.chunks[-1].blake3):
        receive(Fetched(store), here, recipe)
    assert not here.has_recipe(recipe.address)
