"""Retiring versions: the tag and its history stay, the bytes are no longer kept.

Planned first (`plan_retirement`), shown, then done: one commit that adds a line to the model's retired list.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.git.publish import Proposal, publish
from regolo_git.records.paths import retired_path
from regolo_git.records.recipe import Recipe
from regolo_git.records.references import Reference
from regolo_git.records.retired import RetiredEntry, RetiredList
from regolo_git.records.versions import Version
from regolo_git.registry.lookup import get_version, list_versions
from regolo_git.registry.model_version import ModelVersion
from regolo_git.registry.status import RETIRED
from regolo_git.registry.users import users_of
from regolo_git.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class RetirementPlan:
    """What retiring would do: `free_bytes` in the local store are needed by no other version."""

    version: ModelVersion
    reason: str
    free_bytes: int


def plan_retirement(repository: Repository, reference: Reference, reason: str) -> RetirementPlan:
    """Looks whether a version can be retired, and what that frees.

    Raises NotFound, InvalidInput without a reason or for a version that is retired already, PolicyRefused
    while an environment or an endpoint uses it.
    """
    version = get_version(repository, reference)
    if not reason.strip():
        raise InvalidInput(
            "a version is retired for a reason", f"git regolo remove {version.reference} -m REASON"
        )
    if version.status == RETIRED:
        raise InvalidInput(f"'{version.reference}' is retired already", f"git regolo list {version.model_id}")
    users = users_of(repository, version.model_id, version.version)
    if users:
        raise PolicyRefused(
            f"'{version.reference}' is in use by {', '.join(users)}", "move those to another version"
        )
    return RetirementPlan(version, reason.strip(), _free_bytes(repository, version))


def retire(repository: Repository, plan: RetirementPlan) -> None:
    """Commits the retirement to the registry branch.  Raises Conflict."""
    version = plan.version
    path = retired_path(version.model_id)
    author = repository.git.author()
    entry = RetiredEntry(version.version, author.when, f"{author.name} <{author.email}>", plan.reason)

    def prepare(tip: str | None) -> Proposal:
        text = repository.git.read_file(tip, path) if tip else None
        current = RetiredList.parse(text) if text is not None else RetiredList()
        return Proposal(
            files={path: current.with_entry(entry).to_text().encode()},
            message=f"retire {version.reference}\n\n{plan.reason}\n",
        )

    publish(repository.git, repository.registry_branch(), prepare)


def _free_bytes(repository: Repository, version: ModelVersion) -> int:
    """Bytes of the version's chunks that no version which is still kept has in its recipe."""
    own = _recipe(repository, version)
    if own is None:
        return 0
    kept: set[str] = set()
    for other in _kept_versions(repository, version):
        recipe = _recipe(repository, other)
        if recipe is not None:
            kept.update(chunk.blake3 for chunk in recipe.chunks)
    return sum({chunk.blake3: chunk.size for chunk in own.chunks if chunk.blake3 not in kept}.values())


def _kept_versions(repository: Repository, leaving: ModelVersion) -> Iterable[ModelVersion]:
    for name in repository.index.model_names():
        for other in list_versions(repository, name):
            same = (other.model_id, Version.parse(other.version)) == (
                leaving.model_id,
                Version.parse(leaving.version),
            )
            if not same and other.status != RETIRED:
                yield other


def _recipe(repository: Repository, version: ModelVersion) -> Recipe | None:
    address = version.manifest.artifact.recipe
    return repository.store.read_recipe(address) if repository.store.has_recipe(address) else None
