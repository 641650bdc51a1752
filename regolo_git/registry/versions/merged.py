"""Tagging merged versions: each manifest change on the registry branch that has no tag yet gets one.

It walks the branch in first-parent order, because squash and rebase merges change commit ids and only commits
on the branch count.  The tag object depends on the commit alone (its committer and time), so two CI jobs
create the same object and both pushes succeed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import IntegrityError, RegoloError
from regolo_git.git.history import changed_files, first_parent_commits
from regolo_git.git.publish import publish_tag
from regolo_git.hints import NextStep
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, manifest_path, model_of_manifest
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.other_store import other_store_hint
from regolo_git.registry.records_at import RecordsAt

CONTRADICTED = (
    "the merged manifest records other bytes than the existing tag; commit it again under the next number"
)


@dataclass(frozen=True, slots=True)
class MergedVersion:
    """One manifest change without a tag; `problem` is the reason that it was not tagged, `hint` the next
    step.

    `version` and `tag` are None for an unreadable manifest.
    """

    model: str
    version: str | None
    commit: str
    tag: str | None
    problem: str | None = None
    hint: NextStep | None = None

    @property
    def subject(self) -> str:
        """The name of its tag, or the path of an unreadable manifest."""
        return self.tag or manifest_path(self.model)


@dataclass(frozen=True, slots=True)
class _Change:
    manifest: Manifest
    manifest_oid: str
    commit: str
    subject: str


def tag_merged(
    handle: Handle, *, dry_run: bool = False, on_progress: OnProgress = ignore_progress
) -> list[MergedVersion]:
    """Tags every merged version that has no tag, oldest first, after verifying its bytes.

    A version whose bytes are missing or wrong, or whose number another change has taken, is reported with its
    problem and not tagged; so is an unreadable manifest.  Raises NotFound if there is no registry.
    """
    tip = handle.registry_tip()
    if tip is None:
        return []
    result = []
    rows = handle.index.all_rows()
    taken = {(row.model, row.identity) for row in rows}
    changes = _untagged(handle, tip, taken, {row.manifest_oid for row in rows})
    progress = Progress(total=sum(change.manifest.artifact.size for change in changes))
    for change in reversed(changes):
        manifest = change.manifest
        key = manifest.model, Version.parse(manifest.version).identity
        tag = tag_name(manifest.model, manifest.version)
        problem = "another merged change already has this version" if key in taken else None
        hint: NextStep | None = None
        if problem is None:
            problem, hint = _check_bytes(handle, manifest, following(progress, on_progress))
        if problem is None and not dry_run:
            message = TagMessage.of(manifest, change.subject, change.manifest_oid)
            publish_tag(handle.git, tag, change.commit, message.to_text())
        progress = progress.advanced(manifest.artifact.size)
        taken.add(key)
        result.append(MergedVersion(manifest.model, manifest.version, change.commit, tag, problem, hint))
    known = {(version.model, version.version) for version in result if version.problem is not None}
    contradicted = [v for v in _contradicted(handle, tip) if (v.model, v.version) not in known]
    return [*result, *contradicted, *_unreadable(handle, tip)]


def _contradicted(handle: Handle, tip: str) -> Iterator[MergedVersion]:
    """Manifests at the tip whose version has a tag that records other content.

    This happens when two proposals take the same number: the one merged second cannot be tagged.  Only the
    tip counts, so committing a new version resolves it.
    """
    for model, manifest in handle.records_at(tip).manifests().by_name.items():
        row = handle.index.find(manifest.model, Version.parse(manifest.version).identity)
        if row is None or row.digest == manifest.artifact.digest:
            continue
        if handle.git.blob_oid(tip, manifest_path(model)) != row.manifest_oid:
            yield MergedVersion(manifest.model, manifest.version, tip, row.tag, CONTRADICTED)


def _unreadable(handle: Handle, tip: str) -> Iterator[MergedVersion]:
    for path, error in handle.records_at(tip).manifests().broken.items():
        if (model := model_of_manifest(path)) is not None:
            yield MergedVersion(model, None, tip, None, error.message, error.hint)


def _untagged(handle: Handle, tip: str, taken: set[tuple[str, str]], tagged: set[str]) -> list[_Change]:
    """The manifest changes in first-parent order, newest first, whose versions have no tag.

    A `revert` to a tagged version is not a new version.  Of several changes with the same manifest of the
    same version only the oldest is kept.
    """
    found: dict[tuple[str, str, str], _Change] = {}
    for info in first_parent_commits(handle.git, tip):
        parent = info.parents[0] if info.parents else None
        for path, oid in changed_files(handle.git, parent, info.oid, MODELS).items():
            model = model_of_manifest(path)
            if model is None or oid is None or oid in tagged:
                continue
            manifest = _readable(handle.records_at(info.oid), model)
            if manifest is None:
                continue
            key = manifest.model, Version.parse(manifest.version).identity
            if key not in taken:
                found.pop((*key, oid), None)
                found[*key, oid] = _Change(manifest, oid, info.oid, info.subject)
    return list(found.values())


def _readable(records: RecordsAt, model: str) -> Manifest | None:
    try:
        return records.manifest(model)
    except IntegrityError:
        return None  # not a version; a manifest broken at the tip is reported separately


def _check_bytes(
    handle: Handle, manifest: Manifest, on_progress: OnProgress
) -> tuple[str | None, NextStep | None]:
    """The problem with a version's bytes and its hint; None if there is none."""
    if not handle.store.has_recipe(manifest.artifact.recipe):
        return f"its bytes are not in this clone's store '{handle.store_url}'", other_store_hint(handle)
    try:
        verify_artifact(handle.store, manifest.artifact, cache=handle.cache, on_progress=on_progress)
    except IntegrityError as error:
        return error.message, error.hint
    except RegoloError as error:
        return f"its bytes cannot be checked: {error.message}", error.hint
    return None, None
