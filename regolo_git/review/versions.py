"""Comparison of two versions in a registry."""

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import read_version_manifest
from regolo_git.review.comparison import Comparison, compare
from regolo_git.review.incomplete import incomplete_files


def compare_versions(handle: Handle, a: Reference, b: Reference) -> Comparison:
    """Compares `a` with `b`.  Raises NotFound, InvalidInput for versions of different models."""
    if a.model != b.model:
        raise InvalidInput(f"'{a}' and '{b}' are versions of different models", Hint("list", a.model))
    before, after = read_version_manifest(handle, a), read_version_manifest(handle, b)
    card = handle.records().card_or_default(a.model)
    recipes = (
        find_recipe_anywhere(handle, before.artifact.recipe),
        find_recipe_anywhere(handle, after.artifact.recipe),
    )
    return compare(before, after, card, *recipes, incomplete_files(handle.stores, before, after, *recipes))
