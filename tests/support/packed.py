"""Recipes of small chunks, and a push of one to a shared store, as the sender does it."""

from collections.abc import Iterable, Mapping
from random import Random

from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store.files.contract import Files
from regolo_git.store.packs.hints import Location, locations_in
from regolo_git.store.packs.pack import Pack, build_pack
from regolo_git.store.packs.plan import plan_packs
from regolo_git.store.shared import SharedStore

Contents = Mapping[str, bytes]  # bytes of chunks by their addresses


def contents_of(sizes: Iterable[int], seed: int = 0) -> Contents:
    """Chunks of these sizes, in order, that differ."""
    random = Random(seed)
    return {blake3_hex(data): data for data in (random.randbytes(size) for size in sizes)}


def recipe_of(contents: Contents) -> Recipe:
    """The recipe of one file that has these chunks."""
    whole = b"".join(contents.values())
    file = RecipeFile("", 0o644, len(whole), Digest("blake3", blake3_hex(whole)))
    return Recipe("file", (file,), (), tuple(RecipeChunk(a, len(data)) for a, data in contents.items()))


def pack_of(chunks: Iterable[RecipeChunk], contents: Contents) -> Pack:
    """The pack of some chunks."""

    def read(address: str, view: memoryview) -> None:
        view[:] = contents[address]

    return build_pack(list(chunks), read)


def shared_at(files: Files) -> SharedStore:
    """A new shared store."""
    SharedStore.create(files)
    return SharedStore.open(files)


def push(store: SharedStore, contents: Contents, vouching: Iterable[Recipe] = ()) -> Recipe:
    """Sends what the vouching recipes lack: chunks and packs, then hints, then the recipe."""
    recipe, vouching = recipe_of(contents), list(vouching)
    plan = plan_packs(recipe, {chunk.blake3 for other in vouching for chunk in other.chunks})
    for chunk in plan.loose:
        store.put_chunk(chunk.blake3, contents[chunk.blake3])
    packed: list[Location] = []
    for chunks in plan.packs:
        pack = pack_of(chunks, contents)
        packed += locations_in(pack) if store.has_pack(pack) else store.put_pack(pack)
    inherited = (location for other in vouching for location in store.read_hints(other).locations)
    addresses = {chunk.blake3 for chunk in recipe.chunks}
    store.put_hints(recipe, [*packed, *(found for found in inherited if found.entry.chunk in addresses)])
    store.put_recipe(recipe)
    return recipe
