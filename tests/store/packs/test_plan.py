"""The plan of packs is a function of the recipe and of what need not be sent."""

from hypothesis import given
from hypothesis import strategies as st

from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store.packs.plan import PACK_BYTES, PACK_CHUNKS, PACKED_BELOW, plan_packs

SMALL, LARGE = PACKED_BELOW - 1, PACKED_BELOW


def recipe_of(sizes: list[int]) -> Recipe:
    chunks = tuple(RecipeChunk(f"{number:064x}", size) for number, size in enumerate(sizes))
    return Recipe("file", (RecipeFile("", 0o644, sum(sizes), Digest("blake3", "0" * 64)),), (), chunks)


sizes = st.lists(st.sampled_from([1, 40_000, 700_000, SMALL, LARGE, 16 << 20]), max_size=80)


@given(sizes, st.sets(st.integers(0, 79)))
def test_every_chunk_that_is_wanted_is_sent_once_and_in_order(sizes: list[int], there: set[int]) -> None:
    recipe = recipe_of(sizes)
    present = {f"{number:064x}" for number in there}
    plan = plan_packs(recipe, present)
    packed = [chunk for pack in plan.packs for chunk in pack]
    wanted = [chunk for chunk in recipe.chunks if chunk.blake3 not in present]
    assert sorted([*packed, *plan.loose]) == wanted
    assert packed == sorted(packed)
    assert list(plan.loose) == sorted(plan.loose)
    assert plan == plan_packs(recipe, present)


@given(sizes)
def test_packs_hold_several_small_chunks_within_their_limit(sizes: list[int]) -> None:
    for pack in plan_packs(recipe_of(sizes)).packs:
        assert len(pack) > 1
        assert all(chunk.size < PACKED_BELOW for chunk in pack)
        assert sum(chunk.size for chunk in pack) <= PACK_BYTES


def test_packs_are_filled() -> None:
    plan = plan_packs(recipe_of([40_000] * 2000))
    assert [len(pack) for pack in plan.packs] == [419, 419, 419, 419, 324]


def test_a_single_small_chunk_is_stored_on_its_own() -> None:
    plan = plan_packs(recipe_of([5, LARGE]))
    assert plan.packs == ()
    assert [chunk.size for chunk in plan.loose] == [5, LARGE]


def test_a_chunk_that_a_recipe_has_twice_is_sent_once() -> None:
    recipe = recipe_of([1, 2, 3])
    twice = Recipe(recipe.kind, recipe.files, (), recipe.chunks * 2)
    assert plan_packs(twice) == plan_packs(recipe)


def test_the_index_of_tiny_chunks_stays_small() -> None:
    plan = plan_packs(recipe_of([1] * (2 * PACK_CHUNKS + 2)))
    assert [len(pack) for pack in plan.packs] == [PACK_CHUNKS, PACK_CHUNKS, 2]
