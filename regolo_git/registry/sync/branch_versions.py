"""The versions without a tag on branches that the remote has: `git push` sends such a branch without bytes.

They are those of branches for review, and those that were merged and are still to be tagged.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from regolo_git.errors import RegoloError
from regolo_git.git.history import changed_files, own_commits
from regolo_git.git.repository import GitRepository
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, model_of_manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.untagged import untagged_changes

MOST = 256  # versions on the registry branch; a clone with more of them lacks tags


def untagged_manifests(handle: Handle, commit: str) -> list[Manifest]:
    """The manifests of versions without a tag in the commits that only a branch for review has.

    For the tip of the registry branch, those of the versions that are still to be tagged.
    """
    git, registry = handle.git, handle.git.branch_tip(handle.registry_branch())
    if commit == registry:
        changes = untagged_changes(handle, commit)[-MOST:]
        oids = {change.manifest_oid: None for change in changes}
    else:
        operations = git.branch_tip(handle.operations_branch())
        oids = dict.fromkeys(_manifest_oids(git, own_commits(git, commit, registry, operations)))
    return list(_without_tag(handle, {oid: m for oid in oids if (m := _manifest(git, oid)) is not None}))


def _manifest_oids(git: GitRepository, commits: Iterable[str]) -> Iterator[str]:
    for commit in commits:
        changed = changed_files(git, git.first_parent(commit), commit, MODELS)
        yield from (oid for path, oid in changed.items() if oid and model_of_manifest(path) is not None)


def _manifest(git: GitRepository, oid: str) -> Manifest | None:
    with suppress(RegoloError):  # a review says what is wrong with it
        return Manifest.parse(git.read_blob(oid))
    return None


def _without_tag(handle: Handle, manifests: Mapping[str, Manifest]) -> Iterator[Manifest]:
    rows = handle.index.find_all({each.key for each in manifests.values()})
    for oid, manifest in manifests.items():
        row = rows.get(manifest.key)
        if row is None or row.manifest_oid != oid:
            yield manifest
