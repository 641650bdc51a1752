"""Checking a version's bytes: the recipe is what the manifest says, and every chunk is there.

In full, every chunk is read and hashed, and each artifact's digest computed over what its recipe rebuilds.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from regolo_git.artifacts.progress import OnProgress
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store
from regolo_git.text.numbers import counted, few_of


@dataclass(slots=True)
class ArtifactChecker:
    """Checks artifacts one after another; a chunk that many versions share is looked at once.

    `elsewhere` is what to type where a recipe is not in this store.
    """

    store: Store
    elsewhere: str
    full: bool
    chunks: dict[str, bool] = field(default_factory=dict)
    recipes: dict[Digest, str | None] = field(default_factory=dict)

    def check(self, manifest: Manifest, on_progress: OnProgress) -> Iterator[Problem]:
        """What is wrong with the bytes of a version."""
        reference = manifest.reference
        lost = f"git regolo retire {reference} -m {shlex.quote('its bytes are lost')}"
        try:
            recipe = self.store.read_recipe(manifest.artifact.recipe)
        except NotFound as error:
            # A new clone has the versions and not their bytes: they are not lost, they are elsewhere.
            yield Problem(reference, error.message, self.elsewhere)
            return
        except RegoloError as error:
            yield Problem(reference, error.message, lost)
            return
        what = recipe_disagreement(manifest, recipe)
        if what is not None:
            yield Problem(reference, what, lost)
        missing = [chunk for chunk in recipe.chunks if not self._is_good(chunk)]
        if missing:
            yield Problem(reference, _missing_text(missing), lost)
        elif self.full and what is None:
            wrong = self._rebuilt_wrong(recipe, on_progress)
            if wrong is not None:
                yield Problem(reference, wrong, lost)

    def _is_good(self, chunk: RecipeChunk) -> bool:
        known = self.chunks.get(chunk.blake3)
        if known is None:
            known = self.chunks[chunk.blake3] = self.store.has_chunk(chunk.blake3, chunk.size)
        return known

    def _rebuilt_wrong(self, recipe: Recipe, on_progress: OnProgress) -> str | None:
        if recipe.address not in self.recipes:
            try:
                verify_recipe(self.store, recipe, on_progress=on_progress)
                self.recipes[recipe.address] = None
            except (IntegrityError, NotFound) as error:
                self.recipes[recipe.address] = error.message
        return self.recipes[recipe.address]


def _missing_text(missing: list[RecipeChunk]) -> str:
    size = sum({chunk.blake3: chunk.size for chunk in missing}.values())
    first = f"'{missing[0].blake3}'"
    return f"the store lacks {size} bytes of it: chunk {few_of([first], len(missing))}"


def recipe_disagreement(manifest: Manifest, recipe: Recipe) -> str | None:
    """Where a recipe, which is of nobody's review, differs from the manifest, which is."""
    artifact = manifest.artifact
    if (recipe.kind, recipe.size) != (artifact.kind, artifact.size):
        return f"its recipe makes a {recipe.kind} of {recipe.size} bytes, not one of {artifact.size}"
    if manifest.files is not None:
        listed = {path: (entry.size, entry.digest) for path, entry in manifest.files.items()}
        if listed != {file.path: (file.size, file.digest) for file in recipe.files}:
            return "its recipe has other files than its manifest"
    if artifact.file_count is not None and artifact.file_count != len(recipe.files):
        return f"its recipe has {counted(len(recipe.files), 'file')}, and its manifest {artifact.file_count}"
    said = recipe.artifact_digest
    if said != artifact.digest:
        return f"its recipe is for {said}, and its manifest for {artifact.digest}"
    return None
