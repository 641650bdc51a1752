"""The data of `show`: a version with its card, users and recipe."""

from dataclasses import dataclass

from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.registry.endpoints.deployed import Deployed, all_deployed
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.usage import users_of
from regolo_git.registry.versions.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with related records; `recipe` is None if no store of this clone has the content.

    `endpoints` are those that have the version, and those that follow an environment that has it.
    """

    version: ModelVersion
    card: ModelCard
    users: tuple[str, ...]
    recipe: Recipe | None
    endpoints: tuple[Deployed, ...] = ()

    @property
    def manifest(self) -> Manifest:
        """The manifest of the version."""
        return self.version.manifest


def look_up(handle: Handle, reference: Reference) -> Shown:
    """Reads tag, manifest, card, users and recipe.  Raises NotFound, IntegrityError."""
    version = get_version(handle, reference)
    records = handle.shown_records()
    promotions, endpoints = handle.readable(records.promotions()), handle.readable(records.endpoints())
    users = users_of(promotions, endpoints, version.model_id, version.version)
    at = {user.name for user in users if user.kind == "endpoint"}
    ours = all_deployed((e for e in endpoints if e.model == version.model_id), promotions)
    return Shown(
        version=version,
        card=records.card_or_default(version.model_id),
        users=tuple(map(str, users)),
        endpoints=tuple(e for e in ours if e.name in at or e.environment in version.environments),
        recipe=find_recipe_anywhere(handle, version.manifest.artifact.recipe),
    )
