"""A version with all that the registry says of it, as `show` prints it."""

from dataclasses import dataclass

from regolo_git.cli.forms import Json
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.usage import users_of
from regolo_git.registry.versions.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with what stands beside it in the registry; `recipe` is None where the bytes are not here."""

    version: ModelVersion
    card: ModelCard
    users: tuple[str, ...]
    recipe: Recipe | None

    @property
    def manifest(self) -> Manifest:
        """The reviewed file."""
        return self.version.manifest


def look_up(handle: Handle, reference: Reference) -> Shown:
    """Reads tag, manifest, card, users and recipe.  Raises NotFound, IntegrityError."""
    version = get_version(handle, reference)
    address = version.manifest.artifact.recipe
    records = handle.records()
    promotions, endpoints = handle.readable(records.promotions()), handle.readable(records.endpoints())
    users = users_of(promotions, endpoints, version.model_id, version.version)
    return Shown(
        version=version,
        card=records.card(version.model_id) or ModelCard(),
        users=tuple(map(str, users)),
        recipe=handle.store.read_recipe(address) if handle.store.has_recipe(address) else None,
    )


def document(shown: Shown) -> Json:
    """The version for programs."""
    version, manifest = shown.version, shown.manifest
    lineage = manifest.lineage
    return {
        "model": version.model_id,
        "version": version.version,
        "reference": version.reference,
        "status": version.status,
        "used_by": list(shown.users),
        "model_description": shown.card.description,
        "owner": shown.card.owner,
        "description": manifest.description,
        "message": version.message,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "kind": manifest.artifact.kind,
        "path": manifest.artifact.path,
        "size": version.size_bytes,
        "digest": version.digest,
        "recipe": str(manifest.artifact.recipe),
        "here": shown.recipe is not None,
        "tensors": len(shown.recipe.tensors) if shown.recipe is not None else None,
        "tag": version.tag,
        "signed": version.signature is not None,
        "commit": version.commit,
        "build": manifest.build,
        "parents": list(manifest.parents),
        "metrics": dict(version.metrics),
        "metadata": dict(manifest.metadata),
        "lineage": {
            "code": lineage.code,
            "base": lineage.base,
            "data": dict(lineage.data),
            "parameters": dict(lineage.parameters),
        }
        if lineage is not None
        else None,
        "serving": dict(manifest.serving) if manifest.serving is not None else None,
        "files": {
            path: {"size": entry.size, "digest": str(entry.digest)}
            for path, entry in manifest.file_entries(shown.recipe).items()
        },
    }
