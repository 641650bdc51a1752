"""Sending artifacts to a shared store: chunks and packs, then where the packed ones are, then the recipe.

A recipe that is in the store vouches for its chunks.  So a recipe that is there is not sent, and of another
one only the chunks that no vouching recipe has.  Small chunks go in packs (`store/packs/plan.py`), the others
on their own.  All bytes are verified as they are read from the source, so damage does not spread.

Nothing is asked for by name before it is sent, because a new chunk is not there.  After an interrupted push
it may be: then everything is asked for, and what had arrived is not sent again.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from regolo_git.artifacts.progress import OnProgress, Progress, ignore_progress
from regolo_git.artifacts.transfer.in_flight import InFlight
from regolo_git.artifacts.transfer.present import Present
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Writer
from regolo_git.store.packs.hints import Location, locations_in
from regolo_git.store.packs.pack import build_pack
from regolo_git.store.packs.plan import Plan, plan_packs
from regolo_git.store.shared import SharedStore
from regolo_git.store.store import Store, not_in_store
from regolo_git.store.translate import translated


class Sent(NamedTuple):
    """The number of recipes that were sent, and the bytes of their chunks that the target lacked."""

    recipes: int
    size: int


def send(
    source: Store,
    target: SharedStore,
    recipes: Sequence[Digest],
    *,
    vouching: Iterable[Digest] = (),
    lost: Collection[Digest] = (),
    interrupted: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Sent:
    """Sends the recipes that the target lacks, in order, each after the chunks that the target lacks.

    `vouching` are recipes that the target may have and that share chunks with them, such as the parents'.
    `lost` are recipes that the target does not have whole, although it may have their names: they vouch for
    nothing, and all of their chunks are sent.
    With `interrupted`, an earlier push may have stopped half-way.  `on_progress` counts the bytes of the
    recipes that the target lacked; those that were not sent are *found*.

    Raises NotFound and IntegrityError for what the source lacks or has damaged, TransportError.  What had
    arrived stays, and no recipe is in the target without its chunks.
    """
    wanted = list(dict.fromkeys(recipes))
    others = [address for address in dict.fromkeys(vouching) if address not in wanted]
    absent = {*target.absent_recipes([*wanted, *others]), *lost}
    present = Present(source, target)
    for address in (*wanted, *others):
        if address not in absent:
            present.add_recipe(address)
    new = [address for address in wanted if address in absent]
    with target.writer() as writer:
        sender = _Sender(source, target, writer, present, interrupted and not lost, on_progress)
        sender.progress = Progress(total=sum(source.read_recipe(address).size for address in new))
        for address in new:
            sender.send(source.read_recipe(address))
    return Sent(len(new), sender.progress.done - sender.progress.found)


class _Sender:
    """Sends recipes one after another."""

    def __init__(
        self,
        source: Store,
        target: SharedStore,
        writer: Writer,
        present: Present,
        interrupted: bool,
        on_progress: OnProgress,
    ) -> None:
        self._source = source
        self._target = target
        self._writer = writer
        self._present = present
        self._interrupted = interrupted
        self._on_progress = on_progress
        self.progress = Progress()

    def send(self, recipe: Recipe) -> None:
        """Sends a recipe after its chunks."""
        self._count_on_lacking(recipe)
        plan = plan_packs(recipe, self._present)
        size = sum(chunk.size for chunk in (*plan.loose, *(c for pack in plan.packs for c in pack)))
        self._advance(recipe.size - size, found=recipe.size - size)
        locations = [*self._present.locations(recipe), *self._send_chunks(plan)]
        with translated(self._target.url):
            self._writer.count_on_it()
        self._target.put_hints(recipe, locations)
        self._target.put_recipe(recipe)
        self._present.add_sent(recipe, locations)

    def _count_on_lacking(self, recipe: Recipe) -> None:
        """Looks in the target for chunks that the source lacks, such as evicted ones.  Raises NotFound."""
        chunks = [chunk for chunk in recipe.chunks if chunk.blake3 not in self._present]
        lacking = self._source.missing(chunks)
        for chunk in self._target.missing(lacking) if lacking else ():
            raise not_in_store("chunk", chunk.blake3, self._source.url)
        self._present.add_chunks(lacking)

    def _send_chunks(self, plan: Plan) -> list[Location]:
        """Sends chunks and packs, several at a time, and says where the packed ones are."""
        locations: list[Location] = []
        there = self._there(plan.loose)
        if plan.packs:
            self._target.prepare_packs()
        with InFlight(self._target.connections) as flights:
            for chunks in plan.packs:
                size = sum(chunk.size for chunk in chunks)
                flights.submit(size, partial(self._send_pack, chunks, locations))
                self._advance(size)
            for chunk in plan.loose:
                if chunk not in there:
                    flights.submit(chunk.size, partial(self._send_chunk, chunk, flights))
                self._advance(chunk.size, found=chunk.size if chunk in there else 0)
            flights.finish()
        return locations

    def _there(self, chunks: Sequence[RecipeChunk]) -> set[RecipeChunk]:
        """The chunks that an interrupted push has sent."""
        return set(chunks).difference(self._target.missing(chunks)) if self._interrupted else set()

    def _send_chunk(self, chunk: RecipeChunk, flights: InFlight) -> None:
        view = flights.memory()[: chunk.size]
        self._source.read_chunk_into(chunk.blake3, view)
        # Some libraries take bytes only.
        self._target.put_chunk(chunk.blake3, view if self._target.files.properties.views else bytes(view))

    def _send_pack(self, chunks: Sequence[RecipeChunk], locations: list[Location]) -> None:
        pack = build_pack(chunks, self._source.read_chunk_into)
        if not (self._interrupted and self._target.has_pack(pack)):
            self._target.put_pack(pack)
        locations += locations_in(pack)

    def _advance(self, size: int, *, found: int = 0) -> None:
        self.progress = self.progress.advanced(size, found=found)
        self._on_progress(self.progress)
