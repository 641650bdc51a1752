"""Tagging what was reviewed and merged: each manifest change on the branch that has no tag yet gets one.

Walks the first parents of the registry branch, because squash and rebase merges change commit ids and only
what stands on the branch counts.  The tag object is made from the commit alone (its committer, its time), so
two CI jobs make the same object and both pushes succeed.
"""

from dataclasses import dataclass

from regolo_git.errors import IntegrityError, RegoloError
from regolo_git.git.publish import publish_tag
from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.draft import tag_message
from regolo_git.repository.materialize import verify_artifact
from regolo_git.repository.repository import Repository

SUFFIX = "/manifest.toml"


@dataclass(frozen=True, slots=True)
class MergedVersion:
    """One manifest change without a tag; `problem` says why it was not tagged."""

    model: str
    version: str
    commit: str
    tag: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    manifest: Manifest
    manifest_oid: str
    commit: str
    subject: str


def tag_merged(repository: Repository, *, dry_run: bool = False) -> list[MergedVersion]:
    """Tags every merged version that has no tag, oldest first; its bytes are rebuilt and compared first.

    A version whose bytes are missing or wrong, or whose name another change has taken, is reported with its
    problem and not tagged.  Raises NotFound where there is no registry.
    """
    result = []
    taken = {
        (row.model, row.identity)
        for name in repository.index.model_names()
        for row in repository.index.rows(name)
    }
    for change in reversed(_untagged(repository, taken)):
        manifest = change.manifest
        key = manifest.model, Version.parse(manifest.version).identity
        tag = tag_name(manifest.model, manifest.version)
        problem = "another merged change has this version already" if key in taken else None
        if problem is None:
            problem = _check_bytes(repository, manifest)
        if problem is None and not dry_run:
            publish_tag(
                repository.git, tag, change.commit, tag_message(manifest, change.subject, change.manifest_oid)
            )
        taken.add(key)
        result.append(MergedVersion(manifest.model, manifest.version, change.commit, tag, problem))
    return result


def _untagged(repository: Repository, taken: set[tuple[str, str]]) -> list[_Change]:
    """Newest first: the changes of manifests on the first-parent line whose versions have no tag.

    Going back to a version that is tagged (`revert`) is no new version; nor is a change that repeats the
    manifest of an older change of the same version, of which only the oldest is kept.
    """
    tip = repository.registry_tip()
    found: dict[tuple[str, str, str], _Change] = {}
    if tip is None:
        return []
    for info in repository.git.first_parent_commits(tip):
        parent = info.parents[0] if info.parents else None
        for path in repository.git.changed_paths(parent, info.oid, "models"):
            oid = repository.git.blob_oid(info.oid, path) if path.endswith(SUFFIX) else None
            if oid is None:
                continue
            manifest = Manifest.parse(repository.git.read_blob(oid))
            key = manifest.model, Version.parse(manifest.version).identity
            if key not in taken:
                found.pop((*key, oid), None)
                found[*key, oid] = _Change(manifest, oid, info.oid, info.subject)
    return list(found.values())


def _check_bytes(repository: Repository, manifest: Manifest) -> str | None:
    try:
        verify_artifact(
            repository.store, manifest.artifact.recipe, manifest.artifact.digest, cache=repository.cache
        )
    except IntegrityError as error:
        return error.message
    except RegoloError as error:
        return f"its bytes cannot be checked: {error.message}"
    return None
