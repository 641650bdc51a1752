"""Comparison of two versions in a registry."""

from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import read_version_manifest
from regolo_git.review.comparison import Comparison, compare


def compare_versions(handle: Handle, a: Reference, b: Reference) -> Comparison:
    """Compares `a` with `b`.  Raises NotFound, InvalidInput for versions of different models."""
    if a.model != b.model:
        raise InvalidInput(f"'{a}' and '{b}' are versions of different models", Hint("list", a.model))
    before, after = read_version_manifest(handle, a), read_version_manifest(handle, b)
    return compare(
        before,
        after,
        handle.records().card(a.model) or ModelCard(),
        _recipe(handle, before.artifact.recipe),
        _recipe(handle, after.artifact.recipe),
    )


def _recipe(handle: Handle, address: Digest) -> Recipe | None:
    """The recipe, if the store has it; without it, a comparison is limited to the manifests."""
    return handle.store.read_recipe(address) if handle.store.has_recipe(address) else None
