"""Freeing local chunks: only those that the shared store has, and that nobody needs who has no other copy."""

from pathlib import Path

import pytest
from support.artifact_files import noise
from support.local_store import stored_files
from support.packed import shared_at

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.transfer.evict import evict, plan_eviction
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import send
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import Conflict, IntegrityError, InvalidInput
from regolo_git.records.recipe import Recipe
from regolo_git.records.store_record import Kind
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.new_content import new_content
from regolo_git.store.records import Owner, StoreRecords
from regolo_git.store.shared import SharedStore


@pytest.fixture
def local(tmp_path: Path) -> LooseStore:
    return LooseStore.open_or_create(str(tmp_path / "local"))


@pytest.fixture
def shared(tmp_path: Path) -> SharedStore:
    return shared_at(files_at(str(tmp_path / "shared")))


def stored(local: LooseStore, *contents: str) -> Recipe:
    """An artifact of a large and a small chunk for each of some contents."""
    data = b"".join(noise(content, 2 << 20) for content in contents)
    return local.read_recipe(ingest(local, data).artifact.recipe)


def chunks_of(local: LooseStore) -> set[str]:
    return set(stored_files(local, "chunks"))


def test_sent_chunks_are_freed_and_fetched_again(local: LooseStore, shared: SharedStore) -> None:
    recipe = stored(local, "a", "b")
    send(local, shared, [recipe.address])
    plan = plan_eviction(local, shared, [recipe.address], "ours")
    assert (plan.size, plan.freed, plan.kept) == (recipe.size, {recipe.address: recipe.size}, {})
    assert evict(local, shared, plan, "ours") == recipe.size
    assert chunks_of(local) == set()
    assert local.has_recipe(recipe.address)
    receive(shared, local, recipe)
    verify_recipe(local, recipe)


def test_unsent_chunks_stay(local: LooseStore, shared: SharedStore) -> None:
    recipe = stored(local, "a")
    plan = plan_eviction(local, shared, [recipe.address], "ours")
    assert plan.kept == {recipe.address: "it is not in the shared store"}
    assert evict(local, shared, plan, "ours") == 0
    verify_recipe(local, recipe)


def test_a_version_stays_of_which_the_shared_store_lost_a_chunk(
    local: LooseStore, shared: SharedStore, tmp_path: Path
) -> None:
    recipe = stored(local, "a", "b")
    send(local, shared, [recipe.address])
    lost = max((tmp_path / "shared" / "chunks").glob("??/*"), key=lambda path: path.stat().st_size)
    lost.unlink()
    plan = plan_eviction(local, shared, [recipe.address], "ours")
    assert plan.kept == {recipe.address: "the shared store lacks 1 chunk of it"}
    assert evict(local, shared, plan, "ours") == 0
    verify_recipe(local, recipe)


def test_chunks_of_another_version_stay_if_it_was_not_sent(local: LooseStore, shared: SharedStore) -> None:
    first = stored(local, "a", "b")
    send(local, shared, [first.address])
    second = stored(local, "a", "c")
    common = {chunk.blake3 for chunk in first.chunks} & {chunk.blake3 for chunk in second.chunks}
    assert common
    plan = plan_eviction(local, shared, [first.address], "ours")
    assert {chunk.blake3 for chunk in plan.chunks} == {c.blake3 for c in first.chunks} - common
    evict(local, shared, plan, "ours")
    verify_recipe(local, second)
    send(local, shared, [second.address], vouching=[first.address])
    assert evict(local, shared, plan_eviction(local, shared, [first.address], "ours"), "ours") == sum(
        chunk.size for chunk in set(first.chunks) if chunk.blake3 in common
    )


def test_a_version_that_came_since_the_plan_keeps_its_chunks(local: LooseStore, shared: SharedStore) -> None:
    first = stored(local, "a", "b")
    send(local, shared, [first.address])
    plan = plan_eviction(local, shared, [first.address], "ours")
    second = stored(local, "a", "c")
    assert 0 < evict(local, shared, plan, "ours") < first.size
    verify_recipe(local, second)


def test_a_commit_that_is_running_holds_it_up(local: LooseStore, shared: SharedStore) -> None:
    recipe = stored(local, "a")
    send(local, shared, [recipe.address])
    plan = plan_eviction(local, shared, [recipe.address], "ours")
    with new_content(local, print), pytest.raises(Conflict, match="another process is writing"):
        evict(local, shared, plan, "ours")
    verify_recipe(local, recipe)
    assert evict(local, shared, plan, "ours") == recipe.size


def test_a_shared_store_that_is_the_local_one_is_refused(local: LooseStore, tmp_path: Path) -> None:
    recipe = stored(local, "a")
    (tmp_path / "link").symlink_to(local.url)
    with pytest.raises(InvalidInput, match="no other copy"):
        plan_eviction(local, SharedStore.open(files_at(str(tmp_path / "link"))), [recipe.address], "ours")
    assert list(Path(local.url, "tmp").iterdir()) == []


def test_a_damaged_recipe_of_another_version_stops_it(local: LooseStore, shared: SharedStore) -> None:
    recipe = stored(local, "a")
    send(local, shared, [recipe.address])
    other = stored(local, "b")
    damaged = stored_files(local, "recipes")[other.address.hex]
    damaged.chmod(0o644)
    damaged.write_bytes(b"{}")
    with pytest.raises(IntegrityError):
        plan_eviction(local, shared, [recipe.address], "ours")
    verify_recipe(local, recipe)


def test_a_version_without_a_local_copy_is_not_in_the_plan(local: LooseStore, shared: SharedStore) -> None:
    recipe = stored(local, "a")
    send(local, shared, [recipe.address])
    evict(local, shared, plan_eviction(local, shared, [recipe.address], "ours"), "ours")
    again = plan_eviction(local, shared, [recipe.address], "ours")
    assert (again.size, again.freed) == (0, {recipe.address: 0})
    stored_files(local, "recipes")[recipe.address.hex].unlink()
    assert plan_eviction(local, shared, [recipe.address], "ours").freed == {}


@pytest.mark.parametrize("kind", ["kept", "intent"])
def test_recipes_of_another_registry_in_the_same_store_stay(
    local: LooseStore, shared: SharedStore, kind: Kind
) -> None:
    first, second, third = stored(local, "a", "b"), stored(local, "b"), stored(local, "c")
    recipes = [first.address, second.address, third.address]
    send(local, shared, recipes)
    before = plan_eviction(local, shared, recipes, "ours")
    records = StoreRecords(local.files, Owner("e" * 32, "c" * 32, "host"))
    written = records.write(kind, recipes=[second.address.hex])
    plan = plan_eviction(local, shared, recipes, "ours")
    assert plan.kept == {second.address: "another registry keeps it in this store"}
    assert plan.size == sum(c.size for c in {*first.chunks, *third.chunks}.difference(second.chunks))
    assert evict(local, shared, before, "ours") == plan.size  # it came since
    verify_recipe(local, second)
    assert plan_eviction(local, shared, [second.address], "e" * 32).size == second.size
    if kind == "intent":
        records.write("done", name=written.settled())
        assert plan_eviction(local, shared, [second.address], "ours").size == second.size
