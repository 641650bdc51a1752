"""Artifacts and large files that are in the store and unchanged, so they need not be read again."""

from itertools import accumulate

from regolo_git.artifacts.ingest.cuts import EDGE_FILE
from regolo_git.artifacts.ingest.cutting import Fragment
from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.source.snapshot import Snapshot, SourceFile
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.digests import Algorithm, Digest
from regolo_git.records.recipe import Recipe, RecipeTensor
from regolo_git.store.store import Store


class KnownArtifacts:
    """The files of one source that the cache knows to be unchanged."""

    def __init__(self, store: Store, source: Snapshot, algorithm: Algorithm, cache: StatCache | None) -> None:
        self._store = store
        self._source = source
        known = cache.known(source.location, algorithm) if cache and source.location else {}
        self._known = {
            file.path: known[file.path]
            for file in source.files
            if file.path in known and known[file.path].is_still(file.stamp)
        }
        self._recipes: dict[Digest, Recipe | None] = {}

    def whole(self) -> Recipe | None:
        """The recipe of exactly this source, if it is unchanged and the store has every chunk."""
        addresses = {known.recipe for known in self._known.values()}
        address = addresses.pop() if len(addresses) == 1 else None
        if address is None or len(self._known) != len(self._source.files):
            return None
        recipe = self._recipe(address)
        if recipe is None or recipe.kind != self._source.kind:
            return None
        same = [(f.path, f.mode, f.size, f.digest) for f in recipe.files] == [
            (f.path, f.mode, f.size, self._known[f.path].digest) for f in self._source.files
        ]
        return recipe if same and not self._store.missing(recipe.chunks) else None

    def fragment(self, file: SourceFile) -> Fragment | None:
        """The chunks of a file large enough to share none, if the store has them."""
        known = self._known.get(file.path)
        if known is None or known.recipe is None or file.size < EDGE_FILE:
            return None
        recipe = self._recipe(known.recipe)
        fragment = _cut_out(recipe, known) if recipe else None
        return fragment if fragment and not self._store.missing(fragment.chunks) else None

    def _recipe(self, address: Digest) -> Recipe | None:
        if address not in self._recipes:
            try:
                self._recipes[address] = self._store.read_recipe(address)
            except (NotFound, IntegrityError):
                self._recipes[address] = None  # the file is read and stored again
        return self._recipes[address]


def known_files(source: Snapshot, recipe: Recipe) -> dict[str, KnownFile]:
    """The cache entries for a source that was stored as a recipe."""
    return {
        file.path: _known_file(file.stamp, stored.digest, recipe.address, file.path, source.looked_at_ns)
        for file, stored in zip(source.files, recipe.files, strict=True)
        if file.stamp is not None
    }


def _known_file(
    stamp: FileStamp, digest: Digest, recipe: Digest, member: str, looked_at_ns: int
) -> KnownFile:
    return KnownFile(stamp, stamp.is_settled(looked_at_ns), digest, recipe, member)


def _cut_out(recipe: Recipe, known: KnownFile) -> Fragment | None:
    """The part of a recipe that is one file; None if it is missing or shares a chunk with another."""
    starts = accumulate((file.size for file in recipe.files), initial=0)
    for file, start in zip(recipe.files, starts, strict=False):
        if file.path == known.member and file.digest == known.digest and file.size == known.stamp.size:
            return _range(recipe, start, start + file.size, file.digest)
    return None


def _range(recipe: Recipe, start: int, stop: int, digest: Digest) -> Fragment | None:
    ends = list(accumulate((chunk.size for chunk in recipe.chunks), initial=0))
    if start not in ends or stop not in ends:
        return None
    chunks = recipe.chunks[ends.index(start) : ends.index(stop)]
    tensors = tuple(
        RecipeTensor(t.name, t.dtype, t.shape, t.offset - start, t.size, t.blake3)
        for t in recipe.tensors
        if start <= t.offset < stop
    )
    return Fragment(digest, chunks, tensors)
