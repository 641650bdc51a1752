"""Checking a version's bytes: the recipe is what the manifest says, and every chunk is there.

In full, every chunk is read and hashed, and each artifact's digest computed over what its recipe rebuilds.
"""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.digests import Digest, directory_digest, new_hasher
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.store import Store

Progress = Callable[[int], None]


@dataclass(slots=True)
class ArtifactChecker:
    """Checks artifacts one after another; a chunk that many versions share is looked at once.

    `elsewhere` is what to type where a recipe is not in this store.
    """

    store: Store
    elsewhere: str
    full: bool
    on_progress: Progress
    chunks: dict[str, bool] = field(default_factory=dict)
    recipes: dict[Digest, str | None] = field(default_factory=dict)

    def check(self, manifest: Manifest) -> Iterator[Problem]:
        """What is wrong with the bytes of a version."""
        reference = f"{manifest.model}@{manifest.version}"
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
            wrong = self._rebuilt_wrong(manifest.artifact.recipe, recipe)
            if wrong is not None:
                yield Problem(reference, wrong, lost)

    def _is_good(self, chunk: RecipeChunk) -> bool:
        known = self.chunks.get(chunk.blake3)
        if known is None:
            known = self.chunks[chunk.blake3] = self.store.has_chunk(chunk.blake3, chunk.size)
            if not self.full:
                self.on_progress(chunk.size)
        return known

    def _rebuilt_wrong(self, address: Digest, recipe: Recipe) -> str | None:
        if address not in self.recipes:
            try:
                self.recipes[address] = rebuilt_disagreement(self.store, recipe, self.on_progress)
            except (IntegrityError, NotFound) as error:
                self.recipes[address] = error.message
        return self.recipes[address]


def _missing_text(missing: list[RecipeChunk]) -> str:
    size = sum({chunk.blake3: chunk.size for chunk in missing}.values())
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"the store lacks {size} bytes of it: chunk '{missing[0].blake3}'{more}"


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
        return f"its recipe has {len(recipe.files)} files, and its manifest {artifact.file_count}"
    said = _digest_of(recipe, artifact.digest)
    return (
        None
        if said == artifact.digest
        else f"its recipe is for {said}, and its manifest for {artifact.digest}"
    )


def _digest_of(recipe: Recipe, expected: Digest) -> Digest:
    if recipe.kind == "file":
        return recipe.files[0].digest
    return directory_digest(expected.algorithm, [(file.path, file.digest.hex) for file in recipe.files])


def rebuilt_disagreement(store: Store, recipe: Recipe, on_progress: Progress) -> str | None:
    """Which file is not what the recipe says when its chunks are put together.

    Raises NotFound, IntegrityError for a chunk that is missing or damaged.
    """
    pieces = _pieces(store, recipe, on_progress)
    rest = memoryview(b"")
    for file in recipe.files:
        hasher = new_hasher(file.digest.algorithm)
        left = file.size
        while left:
            rest = rest or memoryview(next(pieces))
            hasher.update(rest[:left])
            left, rest = left - min(left, len(rest)), rest[left:]
        if hasher.hexdigest() != file.digest.hex:
            return f"its chunks do not make '{file.path or 'the file'}' of {file.digest}"
    return None


def _pieces(store: Store, recipe: Recipe, on_progress: Progress) -> Iterator[bytes]:
    for chunk in recipe.chunks:
        data = store.read_chunk(chunk.blake3, chunk.size)
        on_progress(len(data))
        yield data
