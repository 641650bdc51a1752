"""The data of `show`: a version with its card, users and recipe."""

from dataclasses import dataclass

from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.usage import users_of
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.store.store import find_recipe


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with related records; `recipe` is None if this clone's store does not have the content."""

    version: ModelVersion
    card: ModelCard
    users: tuple[str, ...]
    recipe: Recipe | None

    @property
    def manifest(self) -> Manifest:
        """The manifest of the version."""
        return self.version.manifest


def look_up(handle: Handle, reference: Reference) -> Shown:
    """Reads tag, manifest, card, users and recipe.  Raises NotFound, IntegrityError."""
    version = get_version(handle, reference)
    records = handle.records()
    promotions, endpoints = handle.readable(records.promotions()), handle.readable(records.endpoints())
    users = users_of(promotions, endpoints, version.model_id, version.version)
    return Shown(
        version=version,
        card=records.card_or_default(version.model_id),
        users=tuple(map(str, users)),
        recipe=find_recipe(handle.store, version.manifest.artifact.recipe),
    )
