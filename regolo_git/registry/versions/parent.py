"""The parent of a new version: the version that its content was made from.

the one that is given                                `--parent`, or the version that supplies the bytes
else what the path of its files held before          see `held.py`
else, for an automatic number, the branch's version  if the branch went back to it, as after a revert
else the highest version below it in its line
"""

from pathlib import Path

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.held import Held, held_at
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


def held_by_source(handle: Handle, request: VersionRequest) -> Held | None:
    """The version of the model that the path of a request's files held before they were edited."""
    if not isinstance(request.source, str | Path):
        return None
    held = held_at(handle, Path(request.source))
    return held if held is not None and held.model == request.model else None


def given_parent(handle: Handle, request: VersionRequest, on_branch: Manifest | None) -> str | None:
    """The parent that a request names, as the model writes it.  Raises NotFound if it does not exist."""
    if isinstance(request.source, ModelVersion) and request.parent is None:
        return request.source.version if request.source.model_id == request.model else None
    if request.parent is None:
        return None
    reference = Reference.select(request.model, request.parent)
    if on_branch is not None and reference.version == Version.parse(on_branch.version):
        return on_branch.version
    try:
        return find_row(handle, reference).version
    except NotFound as error:
        raise NotFound(f"no such parent: {error.message}", Hint("list", request.model)) from error


def choose_parent(
    handle: Handle,
    request: VersionRequest,
    version: Version,
    *,
    held: Held | None,
    on_branch: Manifest | None,
) -> str | None:
    """The parent of `version` on a branch whose manifest is `on_branch`; None for a first version."""
    given = given_parent(handle, request, on_branch)
    if given is not None or request.new_model:
        return given
    if held is not None and (name := _still_named(handle, held, on_branch)) is not None:
        return name
    if request.version is None and on_branch is not None and _went_back(handle, on_branch):
        return on_branch.version
    return _highest_below(handle, request.model, version, on_branch)


def _still_named(handle: Handle, held: Held, on_branch: Manifest | None) -> str | None:
    """The name that the held content has now: it may have been renumbered, or never merged."""
    if on_branch is not None and _is_of(on_branch, held):
        return on_branch.version
    row = handle.index.find(held.model, Version.parse(held.version).identity)
    if row is not None and str(row.digest) == held.digest:
        return row.version
    same = handle.index.with_digest(held.model, held.digest)
    return same[-1].version if same else None


def _is_of(manifest: Manifest, held: Held) -> bool:
    return (manifest.version, str(manifest.artifact.digest)) == (held.version, held.digest)


def _went_back(handle: Handle, on_branch: Manifest) -> bool:
    """Whether the branch has an older version than the highest one, which was not created before it."""
    row = handle.index.find(on_branch.model, Version.parse(on_branch.version).identity)
    highest = handle.index.highest(on_branch.model)
    if row is None or not highest or row.identity in [higher.identity for higher in highest]:
        return False
    return not handle.git.is_ancestor(highest[0].commit_oid, row.commit_oid)


def _highest_below(handle: Handle, model: str, version: Version, on_branch: Manifest | None) -> str | None:
    row = handle.index.highest_below(model, version)
    names = [row.version] if row is not None else []
    # The branch may have a version without a tag.
    names += [on_branch.version] if on_branch is not None else []
    below = {parsed: name for name in names if _in_line(parsed := Version.parse(name), version)}
    return below[max(below)] if below else None


def _in_line(other: Version, version: Version) -> bool:
    """Whether a version comes before another, and is not named after a different environment."""
    return other < version and other.environment in (None, version.environment)


def parent_manifest(handle: Handle, model: str, parent: str, on_branch: Manifest | None) -> Manifest | None:
    """The manifest of a parent; None, after a notice, if it cannot be read."""
    if on_branch is not None and on_branch.version == parent:
        return on_branch
    row = handle.index.find(model, Version.parse(parent).identity)
    try:
        return read_tagged_manifest(handle, row) if row is not None else None
    except IntegrityError as error:
        handle.notice_broken([error])
        return None
