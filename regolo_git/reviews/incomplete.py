"""Files of a version that say themselves that they are incomplete: their tensors cannot be compared.

A cut file has no tensors in its recipe, so a comparison would call all of them removed.  Only a file that has
tensors in the other version is looked at, and of that only its header.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.errors import RegoloError
from regolo_git.layouts.completeness import Problem, problem_of
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store


@dataclass(frozen=True, slots=True)
class IncompleteFile:
    """A file of one version: its path in the recipe ("" for a single file), its name, and what it says."""

    version: str
    path: str
    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.version}: {Problem(self.name, self.problem)}"


def incomplete_files(
    store: Store, a: Manifest, b: Manifest, recipe_a: Recipe | None, recipe_b: Recipe | None
) -> tuple[IncompleteFile, ...]:
    """The incomplete files of both versions that have tensors in the other."""
    if recipe_a is None or recipe_b is None:
        return ()
    with_a, with_b = _with_tensors(recipe_a), _with_tensors(recipe_b)
    return (
        *_of_version(store, a, recipe_a, with_b - with_a),
        *_of_version(store, b, recipe_b, with_a - with_b),
    )


def without_tensors_of(recipe: Recipe, paths: Collection[str]) -> Recipe:
    """The recipe without the tensors of these files."""
    if not paths:
        return recipe
    kept = [tensor for tensor, path in recipe.placed_tensors() if path not in paths]
    return replace(recipe, tensors=tuple(kept))


def _of_version(
    store: Store, manifest: Manifest, recipe: Recipe, paths: Collection[str]
) -> Iterator[IncompleteFile]:
    for number, file in enumerate(recipe.files):
        if file.path not in paths:
            continue
        try:
            problem = problem_of(StoredFile(store, recipe, number), file.path or manifest.file_name)
        except RegoloError:
            continue  # bytes that are missing or damaged are for fsck
        if problem is not None:
            yield IncompleteFile(manifest.version, file.path, problem.path, problem.what)


def _with_tensors(recipe: Recipe) -> set[str]:
    return {path for _, path in recipe.placed_tensors()}
