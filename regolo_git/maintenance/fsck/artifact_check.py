"""Checks a version's bytes: the recipe matches the manifest, and every chunk exists.

What the local store lacks is looked for in the other stores of the clone, and not read from there.  A full
check also reads and hashes every local chunk, and computes the digest of each artifact that is whole here.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from regolo_git.artifacts.progress import OnProgress
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.hints import Hint, NextStep
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store
from regolo_git.text.numbers import counted, few_of

Wanted = TypeVar("Wanted", Digest, RecipeChunk)


@dataclass(slots=True)
class ArtifactChecker:
    """Checks artifacts one after another; a chunk shared by many versions is checked once.

    `stores` are the local one and all others, with their `names`; `elsewhere` is the hint for a recipe that
    none of them has.  `threads` read a whole artifact (default: as many as the store can use).
    """

    store: Store
    stores: Store
    names: tuple[str, ...]
    elsewhere: NextStep
    full: bool
    threads: int | None = None
    chunks: dict[str, bool] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    recipes: dict[Digest, str | None] = field(default_factory=dict)
    absent: set[Digest] = field(default_factory=set)
    nowhere: set[Digest] = field(default_factory=set)
    unanswered: RegoloError | None = None

    def look_up(self, manifests: Iterable[Manifest]) -> None:
        """Looks for the recipes of manifests that are checked next; many at once take a fifth of the time."""
        wanted = list(dict.fromkeys(manifest.artifact.recipe for manifest in manifests))
        self.absent = self.store.absent_recipes(wanted) if wanted else set()
        self.nowhere = set(self._in_no_store(sorted(self.absent), self.stores.absent_recipes))

    def check(
        self, manifest: Manifest, subject: str, lost: NextStep, on_progress: OnProgress
    ) -> Iterator[Problem]:
        """The problems with the bytes of a version; `lost` is the next step if they are lost."""
        address = manifest.artifact.recipe
        if address in self.absent and address not in self.nowhere:
            return  # another store has it
        try:
            if address in self.absent:
                raise self.unanswered or self._nowhere(address)
            recipe = self.store.read_recipe(address)
        except NotFound as error:
            # A new clone has the versions without their bytes: they are not lost but in another store.
            yield Problem(subject, error.message, self.elsewhere)
            return
        except RegoloError as error:
            is_lost = isinstance(error, IntegrityError) and error is not self.unanswered
            yield Problem(subject, error.message, lost if is_lost else error.hint)
            return
        what = recipe_disagreement(manifest, recipe)
        if what is not None:
            yield Problem(subject, what, lost)
        missing = self._missing(recipe)
        if missing and self.unanswered is not None:
            yield Problem(subject, self.unanswered.message, self.unanswered.hint)
        elif missing:
            yield Problem(subject, _missing_text(missing), lost)
        elif self.full and what is None:
            wrong = self._rebuilt_wrong(recipe, on_progress)
            if wrong is not None:
                yield Problem(subject, wrong, self._fetched_again(manifest, recipe) or lost)

    def _nowhere(self, address: Digest) -> NotFound:
        names = ", ".join(f"'{name}'" for name in self.names)
        stores = "store" if len(self.names) == 1 else "stores"
        return NotFound(f"recipe '{address.hex}' is missing from the {stores} {names}")

    def _missing(self, recipe: Recipe) -> list[RecipeChunk]:
        """The chunks that no store has, as far as they answer."""
        new = [chunk for chunk in recipe.chunks if chunk.blake3 not in self.chunks]
        self.chunks.update((chunk.blake3, True) for chunk in new)
        self.store.expect(recipe, new)  # or a chunk in a pack whose index is damaged counts as elsewhere
        not_here = self.store.missing(new)
        self.away.update(chunk.blake3 for chunk in not_here)
        self.stores.expect(recipe, not_here)
        lost = self._in_no_store(not_here, self.stores.missing)
        self.chunks.update((chunk.blake3, False) for chunk in lost)
        return [chunk for chunk in recipe.chunks if not self.chunks[chunk.blake3]]

    def _fetched_again(self, manifest: Manifest, recipe: Recipe) -> NextStep | None:
        """What fetches the chunks that were just moved away, if another store has them."""
        gone = self.store.missing(recipe.chunks)
        if not gone or self._in_no_store(gone, self.stores.missing):
            return None
        return Hint("checkout", manifest.reference)

    def _in_no_store(
        self, wanted: Sequence[Wanted], lacking: Callable[[Sequence[Wanted]], Collection[Wanted]]
    ) -> Collection[Wanted]:
        """Those that no store has; all of them if one that may have them does not answer."""
        if not wanted or self.unanswered is not None:
            return wanted
        try:
            return lacking(wanted)
        except RegoloError as error:
            self.unanswered = error
            return wanted

    def _rebuilt_wrong(self, recipe: Recipe, on_progress: OnProgress) -> str | None:
        if recipe.address not in self.recipes:
            try:
                self._verify(recipe, on_progress)
                self.recipes[recipe.address] = None
            except (IntegrityError, NotFound) as error:
                self.recipes[recipe.address] = error.message
        return self.recipes[recipe.address]

    def _verify(self, recipe: Recipe, on_progress: OnProgress) -> None:
        if self.away.isdisjoint(chunk.blake3 for chunk in recipe.chunks):
            verify_recipe(self.store, recipe, threads=self.threads, on_progress=on_progress)
            return
        here = [chunk for chunk in recipe.chunks if chunk.blake3 not in self.away]
        for _ in self.store.read_chunks(recipe, here):
            pass  # reading a chunk verifies it


def _missing_text(missing: list[RecipeChunk]) -> str:
    size = sum({chunk.blake3: chunk.size for chunk in missing}.values())
    first = f"'{missing[0].blake3}'"
    return f"{size} bytes of it are missing from the store: chunk {few_of([first], len(missing))}"


def recipe_disagreement(manifest: Manifest, recipe: Recipe) -> str | None:
    """How a recipe, which nobody reviews, differs from the reviewed manifest; None if it does not."""
    artifact = manifest.artifact
    if (recipe.kind, recipe.size) != (artifact.kind, artifact.size):
        return (
            f"its recipe is for a {recipe.kind} of {recipe.size} bytes,"
            f" but its manifest for a {artifact.kind} of {artifact.size}"
        )
    if manifest.files is not None:
        listed = {path: (entry.size, entry.digest) for path, entry in manifest.files.items()}
        if listed != {file.path: (file.size, file.digest) for file in recipe.files}:
            return "its recipe and its manifest list different files"
    if artifact.file_count is not None and artifact.file_count != len(recipe.files):
        return f"its recipe has {counted(len(recipe.files), 'file')}, but its manifest {artifact.file_count}"
    if recipe.artifact_digest != artifact.digest:
        return f"its recipe is for {recipe.artifact_digest}, but its manifest for {artifact.digest}"
    return None
