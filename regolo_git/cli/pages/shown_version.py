"""The data of `show`: a version with its card, users and recipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regolo_git.errors import MissingDependency
from regolo_git.layouts.layout import may_describe_itself
from regolo_git.records.asked_names import PickleNames
from regolo_git.records.labels import Label
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.records.recipe import Recipe
from regolo_git.records.revision_syntax import AtRevision, OneVersion
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.deployed import Deployed, all_deployed
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.signatures import Signed, signature_of
from regolo_git.registry.usage import User, users_of
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.tagged_ancestor import unknown_parents
from regolo_git.registry.versions.tagged_manifest import read_tag_message

if TYPE_CHECKING:
    from regolo_git.artifacts.interfaces import DescribedFile
    from regolo_git.artifacts.second_opinion import Opinion


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with related records; `recipe` is None if no store of this clone has the content.

    `endpoints` are those that have the version, and those that follow an environment that has it. `pickles`
    has what the files with pickles ask for, None if nobody has looked, and `opinions` another program's
    words. `gates` is what they said when the merge of the version was tagged, None if nobody asked.
    `signature` is None for a version without a tag, `labels` are sorted by name.  `untagged_parents` have no
    tag here, as after a squash.  `described` are the files that say their inputs and outputs.
    """

    version: ModelVersion
    card: ModelCard
    users: tuple[User, ...]
    recipe: Recipe | None
    endpoints: tuple[Deployed, ...] = ()
    pickles: Mapping[str, PickleNames] | None = None
    opinions: "Mapping[str, Opinion] | None" = None
    gates: str | None = None
    signature: Signed | None = None
    labels: tuple[Label, ...] = ()
    untagged_parents: tuple[str, ...] = ()
    described: "tuple[DescribedFile, ...]" = ()

    @property
    def manifest(self) -> Manifest:
        """The manifest of the version."""
        return self.version.manifest


def look_up(handle: Handle, target: OneVersion) -> Shown:
    """Reads tag, manifest, card, users and recipe.  Raises NotFound, IntegrityError."""
    if isinstance(target, AtRevision):
        from regolo_git.registry.revisions import revision_at, version_at  # noqa: PLC0415 - most have a tag

        revision = revision_at(handle, target.revision)
        version = version_at(handle, revision, target.model)
        if version.tag is None:
            return _without_tag(handle, version, revision.records)
    else:
        version = get_version(handle, target)
    return _with_users(handle, version)


def _without_tag(handle: Handle, version: ModelVersion, records: RecordsAt) -> Shown:
    """A version that nothing can use yet, with the card and labels of its own commit."""
    recipe = find_recipe_anywhere(handle, version.manifest.artifact.recipe)
    card = records.card_or_default(version.model_id)
    described = _described(handle, version.manifest, recipe)
    return Shown(version, card, (), recipe, labels=_labels(records, version), described=described)


def _described(handle: Handle, manifest: Manifest, recipe: Recipe | None) -> "tuple[DescribedFile, ...]":
    """From the store of this clone only: it is not worth a transfer."""
    if recipe is None or not any(map(may_describe_itself, manifest.file_entries(recipe))):
        return ()
    from regolo_git.artifacts.interfaces import described_files  # noqa: PLC0415 - most files do not

    return tuple(described_files(handle.store, manifest, recipe))


def _labels(records: RecordsAt, version: ModelVersion) -> tuple[Label, ...]:
    """Its labels with who gave them; a notice named them if they cannot be read."""
    if not version.labels:
        return ()
    held = records.labels(version.model_id).of(version.version, version.manifest.artifact.digest)
    return tuple(held.values())


def _with_users(handle: Handle, version: ModelVersion) -> Shown:
    records = handle.shown_records()
    promotions, endpoints = handle.readable(records.promotions()), handle.readable(records.endpoints())
    users = users_of(promotions, endpoints, version.model_id, version.version)
    at = {user.name for user in users if user.kind == "endpoint"}
    recipe = find_recipe_anywhere(handle, version.manifest.artifact.recipe)
    ours = all_deployed((e for e in endpoints if e.model == version.model_id), promotions)
    return Shown(
        version=version,
        card=records.card_or_default(version.model_id),
        users=tuple(users),
        endpoints=tuple(e for e in ours if e.name in at or e.environment in version.environments),
        recipe=recipe,
        gates=_gates_at_merge(handle, version),
        signature=_signature(handle, version),
        labels=_labels(handle.records(), version),
        untagged_parents=tuple(unknown_parents(handle, version.manifest)),
        described=_described(handle, version.manifest, recipe),
    )


def _signature(handle: Handle, version: ModelVersion) -> Signed:
    """What the signers of the registry branch say; a missing program is said where it is shown."""
    try:
        signers = handle.records().data(SIGNERS_PATH)
        return signature_of(handle, version.tag, version.commit, signers)
    except MissingDependency as error:
        return Signed(False, f"is signed, and was not verified: {error.message}")


def _gates_at_merge(handle: Handle, version: ModelVersion) -> str | None:
    row = handle.index.find(version.model_id, Version.parse(version.version).identity)
    message = read_tag_message(handle, row) if row is not None else None
    return message.gates if message is not None else None
