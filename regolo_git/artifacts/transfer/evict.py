"""Freeing local copies of chunks that a shared store is verified to hold.

A chunk is freed only if the shared store has its recipe, and was asked for each chunk of that recipe.  One
that a recipe needs which was not pushed stays, too, and so does what another registry keeps in the local
store: it may have no other store.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from regolo_git.errors import Conflict, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import TEMPORARIES
from regolo_git.store.loose import LooseStore
from regolo_git.store.records import kept_by_others
from regolo_git.store.shared import SharedStore
from regolo_git.store.translate import translated
from regolo_git.system_calls import random_name
from regolo_git.text.numbers import counted


@dataclass(frozen=True, slots=True)
class Eviction:
    """What can be freed: the chunks, and for each recipe how many bytes of it; why other recipes stay."""

    chunks: tuple[RecipeChunk, ...]
    freed: Mapping[Digest, int]
    kept: Mapping[Digest, str]

    @property
    def size(self) -> int:
        """The bytes of the chunks."""
        return sum(chunk.size for chunk in self.chunks)


def plan_eviction(
    local: LooseStore, shared: SharedStore, recipes: Sequence[Digest], registry: str
) -> Eviction:
    """What the local store can free of some recipes of a registry, given by its id.

    Raises InvalidInput if both are one store, IntegrityError if a recipe of the local store is damaged,
    TransportError.
    """
    _refuse_same(local, shared)
    wanted = list(dict.fromkeys(recipes))
    absent = local.absent_recipes(wanted)
    pushed = shared.absent_recipes([address for address in wanted if address not in absent])
    kept = dict.fromkeys(pushed, "it is not in the shared store")
    foreign = kept_by_others(local.files, registry)
    for address in wanted:
        if address.hex in foreign and address not in absent:
            kept.setdefault(address, "another registry keeps it in this store")
    held: dict[Digest, tuple[RecipeChunk, ...]] = {}
    for address in wanted:
        if address in absent or address in kept:
            continue
        recipe = local.read_recipe(address)
        lacking = _lacking(shared, recipe)
        if lacking:
            kept[address] = f"the shared store lacks {counted(lacking, 'chunk')} of it"
        else:
            held[address] = tuple(dict.fromkeys(recipe.chunks))
    return _without_needed(local, shared, held, kept, foreign)


def evict(local: LooseStore, shared: SharedStore, plan: Eviction, registry: str) -> int:
    """Frees the chunks of a plan, but those that a recipe needs which came since; returns the bytes.

    Raises Conflict while another process writes to the local store, and the errors of `plan_eviction`.
    """
    with local.writer() as writer:
        # A version that is being created may count on any chunk that it has found.
        if not writer.is_alone():
            raise Conflict(
                f"another process is writing to the store '{local.url}'", "try again when it has ended"
            )
        foreign = kept_by_others(local.files, registry)
        needed = _needed(local, shared, {c.blake3 for c in plan.chunks}, set(plan.freed), foreign)
        freed = 0
        for chunk in plan.chunks:
            if chunk.blake3 not in needed:
                local.remove_chunk(chunk.blake3)
                freed += chunk.size
    return freed


def _refuse_same(local: LooseStore, shared: SharedStore) -> None:
    """Compares the places, not the names: a server may give access to the local directory."""
    probe = f"{TEMPORARIES}/probe-{random_name(16)}"
    try:
        with translated(local.url):
            local.files.create(probe, b"probe")
        with translated(shared.url):
            seen = shared.files.sizes([probe]) != [None]
    finally:
        with translated(local.url):
            local.files.remove(probe)
    if seen:
        raise InvalidInput(
            f"the store of this clone is the shared store '{shared.url}': it has no other copy"
        )


def _lacking(shared: SharedStore, recipe: Recipe) -> int:
    shared.expect(recipe, recipe.chunks)
    return len(shared.missing(recipe.chunks))


def _without_needed(
    local: LooseStore,
    shared: SharedStore,
    held: Mapping[Digest, tuple[RecipeChunk, ...]],
    kept: Mapping[Digest, str],
    foreign: Collection[str],
) -> Eviction:
    every = dict.fromkeys(chunk for chunks in held.values() for chunk in chunks)
    here = every.keys() - set(local.missing(every))
    needed = _needed(local, shared, {chunk.blake3 for chunk in here}, set(held), foreign)
    free = {chunk for chunk in here if chunk.blake3 not in needed}
    freed = {a: sum(chunk.size for chunk in chunks if chunk in free) for a, chunks in held.items()}
    return Eviction(tuple(chunk for chunk in every if chunk in free), freed, kept)


def _needed(
    local: LooseStore, shared: SharedStore, chunks: set[str], held: set[Digest], foreign: Collection[str]
) -> set[str]:
    """Those of some chunks of local recipes that the shared store lacks, or that another registry keeps."""
    free = {address for address in held if address.hex not in foreign}
    sharing = {r.address: found for r in _others(local, free) if (found := _among(r, chunks))}
    absent = shared.absent_recipes(list(sharing)) if sharing else set()
    needed = absent.union(address for address in sharing if address.hex in foreign)
    return {chunk for address in needed for chunk in sharing[address]}


def _others(local: LooseStore, held: set[Digest]) -> Iterator[Recipe]:
    for name in sorted(local.recipe_names()):
        address = Digest("blake3", name)
        if address not in held:
            yield local.read_recipe(address)


def _among(recipe: Recipe, chunks: set[str]) -> set[str]:
    return chunks.intersection(chunk.blake3 for chunk in recipe.chunks)
