"""The version that another one is compared with if the user names only one."""

from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import HEAD, WORK_TREE, AtRevision, OneVersion
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row, model_rows
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.registry.revisions import manifest_at, revision_at
from regolo_git.registry.versions.tagged_ancestor import newest_tagged_ancestor, unknown_parents
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


def with_counterpart(handle: Handle, one: OneVersion) -> tuple[OneVersion, OneVersion]:
    """What a version is compared with if nothing else is named, and that version.

    Its parent version, or the newest tagged one before it if nobody has that; of a model without a version
    its two newest releases; of a work tree HEAD; of a revision whose parent version is not here, the registry
    branch.  Raises NotFound if there is none.
    """
    if isinstance(one, AtRevision):
        return _before_revision(handle, one), one
    if one.latest:
        return _newest_releases(handle, one.model)
    row = find_row(handle, one)
    manifest = read_tagged_manifest(handle, row)
    if not manifest.parents:
        raise NotFound(f"'{one}' has no parent version", _with_another(handle, one, manifest.version))
    return Reference.select(one.model, _parent_with_tag(handle, manifest, row.commit_oid)), one


def _parent_with_tag(handle: Handle, manifest: Manifest, commit: str) -> str:
    """The parent version; with a notice the newest tagged version before, if the parent has no tag."""
    unknown = unknown_parents(handle, manifest)
    if manifest.parents[0] not in unknown:
        return manifest.parents[0]
    before = newest_tagged_ancestor(handle, manifest.model, commit)
    if before is None:
        return manifest.parents[0]
    handle.notice_once(
        f"the parent {unknown[0]} of '{manifest.reference}' has no tag; {before.version} is the newest tagged"
        " version before it"
    )
    return before.version


def _before_revision(handle: Handle, one: AtRevision) -> OneVersion:
    """HEAD for the work tree; else the parent version, or what the registry branch has."""
    if one.revision == WORK_TREE:
        return AtRevision(HEAD, one.model)
    manifest = manifest_at(revision_at(handle, one.revision), one.model)
    for version in manifest.parents[:1]:
        if handle.index.find(one.model, Version.parse(version).identity) is not None:
            return Reference.select(one.model, version)
    branch = handle.registry_branch()
    if handle.records().manifest(one.model) in (None, manifest):
        raise NotFound(f"'{one}' has no parent version in this clone", Hint("show", str(one)))
    return AtRevision(branch, one.model)


def _with_another(handle: Handle, a: Reference, version: str) -> Hint:
    others = [row.version for row in model_rows(handle, a.model) if row.version != version]
    return Hint("diff", str(a), others[0]) if others else Hint("commit", a.model, "PATH")


def _newest_releases(handle: Handle, model: str) -> tuple[Reference, Reference]:
    rows, state = model_rows(handle, model), read_merge_state(handle)
    releases = [row.version for row in rows if Version.parse(row.version).is_release and state.has(row)]
    if len(releases) < 2:
        raise NotFound(
            f"model '{model}' has {'one release' if releases else 'no releases'}, but two are required",
            Hint("list", model),
        )
    older, newer = (Reference.select(model, version) for version in releases[-2:])
    return older, newer
