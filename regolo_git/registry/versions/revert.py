"""Reverting a model: a new commit restores the manifest of an older version on the branch."""

from regolo_git.artifacts.verify import bytes_of, require_artifact
from regolo_git.errors import Conflict
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.paths import manifest_path
from regolo_git.records.references import Reference
from regolo_git.registry.change import action_message, commit_records, recover_first
from regolo_git.registry.fetching import fetch_recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.retirements import refuse_retired
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.seals import refuse_broken_seal
from regolo_git.registry.versions.target_branch import choose_target_branch


def revert_model(
    handle: Handle, reference: Reference, message: str | None = None, *, unmerged: bool = False
) -> ModelVersion:
    """Commits the manifest of an existing version to the branch; no tag is created or moved.

    Raises NotFound, also for missing bytes, Conflict if the branch already has that version, PolicyRefused
    for a retired version and, on a branch whose versions count as merged, for one that is not merged unless
    `unmerged`: its manifest there would make it count.
    """
    recover_first(handle)
    version = get_version_to_use(handle, reference)
    refuse_retired(version)
    target = choose_target_branch(handle, "auto")
    if target.tagged and not unmerged:
        again = Hint("revert", version.model_id, "--to", version.version, "--unmerged")
        require_merged(handle, version, again)
    refuse_broken_seal(version)
    fetch_recipe(handle, version.manifest)
    with bytes_of(version.reference):
        require_artifact(handle.stores, version.manifest.artifact)
    path, content = manifest_path(version.model_id), version.manifest.to_text().encode()

    def prepare(records: RecordsAt) -> NewCommit[None]:
        if records.data(path) == content:
            raise Conflict(f"'{version.reference}' is already the version on this branch")
        text = action_message(message, f"revert {version.model_id} to {version.version}", "revert", {})
        return NewCommit({path: content}, text, None)

    commit_records(handle, prepare, branch=target.name)
    return version
