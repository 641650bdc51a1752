"""Making a version: the artifact into the store, then manifest, commit and tag in one step.

    check the request → ingest → (ask about same content) → prepare on the branch's tip → publish

`prepare` runs again on the new tip when another writer was faster, so an automatic version is always the
next one.  Nothing but unreferenced bytes in the store is left behind when any step fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from regolo_git.artifacts.ingest.ingest import Ingested, ingest
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.artifacts.verify import require_artifact
from regolo_git.errors import Conflict, NotFound
from regolo_git.git.publish import Published, create_branch, publish, refuse_early
from regolo_git.records.manifest import Artifact, Lineage, Manifest
from regolo_git.records.metadata import normalise_metadata
from regolo_git.records.names import check_model_name
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.serving_block import ServingBlock
from regolo_git.records.toml_text import Table
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.status import PROPOSED, READY
from regolo_git.registry.versions.artifact_place import artifact_place, see_to_ignore
from regolo_git.registry.versions.draft import Draft, VersionRequest, refuse_existing
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.target import Target, choose_target


@dataclass(frozen=True, slots=True)
class CreatedVersion:
    """A version that was just made.  `branch` is where a proposal waits; `notices` are for the user."""

    version: ModelVersion
    new_bytes: int
    branch: str
    notices: tuple[str, ...]


SameContent = Callable[[str], None]


def create_version(
    handle: Handle,
    request: VersionRequest,
    *,
    on_same_content: SameContent,
    on_progress: OnProgress = ignore_progress,
) -> CreatedVersion:
    """Makes a version, or nothing.

    `on_same_content` is called with the name of the version that has the same bytes already, before anything
    is written to Git; what it raises ends the call.  Raises InvalidInput, NotFound, VersionExists, Conflict,
    PolicyRefused, TransportError.
    """
    model = check_model_name(request.model)
    if isinstance(request.source, ModelVersion):
        request = _with_what_it_says(request, request.source.manifest)
    if request.lineage is not None:
        request = replace(request, lineage=_in_order(request.lineage))
    metadata = normalise_metadata(request.metadata)
    serving = ServingBlock.parse(request.serving).to_mapping() if request.serving is not None else None
    version = Version.parse(request.version) if request.version is not None else None
    target = choose_target(handle, request.flow)
    paths = _check_model(handle, request.new_model, model, target)
    if version is not None:
        refuse_existing(handle, model, version)
    refuse_early(handle.git, target.branch, [] if target.new_branch else paths)
    place, ingested = _take_in(handle, request.source, on_progress)
    same = _same_content(handle, model, ingested, version)
    # Who makes a version from a version has said that it is of the same bytes.
    if same is not None and not isinstance(request.source, ModelVersion):
        on_same_content(same)
    ignored = see_to_ignore(handle, place, target.branch)
    draft = Draft(handle, request, target, version, metadata, serving, place, ingested, ignored)
    published = _publish(handle, draft)
    return CreatedVersion(
        _created(handle, draft, published), ingested.new_bytes, published.branch, draft.notices()
    )


def _take_in(
    handle: Handle, source: ArtifactSource | ModelVersion, on_progress: OnProgress
) -> tuple[str | None, Ingested]:
    """Where the artifact lies in the work tree, and what the store has of it."""
    if isinstance(source, ModelVersion):
        return source.manifest.artifact.path, _already_stored(handle, source.manifest.artifact)
    place = artifact_place(handle, source)
    algorithm = handle.config().digest
    return place, ingest(
        handle.store, source, algorithm=algorithm, cache=handle.cache, on_progress=on_progress
    )


def _already_stored(handle: Handle, artifact: Artifact) -> Ingested:
    recipe = require_artifact(handle.store, artifact)
    return Ingested(
        Artifact.of(recipe), recipe.files, tensors=len(recipe.tensors), new_bytes=0, unchanged=True
    )


def _with_what_it_says(request: VersionRequest, manifest: Manifest) -> VersionRequest:
    """The request, with the version's own words where it has none."""
    return replace(
        request,
        metadata={**manifest.metadata, **request.metadata},
        description=request.description or manifest.description,
        lineage=request.lineage or manifest.lineage,
        serving=request.serving if request.serving is not None else manifest.serving,
    )


def _in_order(lineage: Lineage) -> Lineage:
    """Its parameters as plain values in their one order, as metadata has them."""
    return replace(lineage, parameters=cast(Table, normalise_metadata(lineage.parameters)))


def _check_model(handle: Handle, new: bool, model: str, target: Target) -> list[str]:
    """Which records a version will write: its manifest, and the card where the model has none yet."""
    records = handle.records_at(handle.git.newest_known(target.branch))
    # Both are read now, so that one which cannot be read is known before the artifact is.
    on_branch, card = records.manifest(model), records.card(model)
    exists = on_branch is not None or bool(handle.index.highest(model))
    if new and exists:
        raise Conflict(f"model '{model}' exists already", f"git regolo commit {model} PATH")
    if not new and not exists:
        raise NotFound(f"there is no model '{model}' yet", f"git regolo register {model} PATH")
    return [manifest_path(model)] if card is not None else [manifest_path(model), card_path(model)]


def _same_content(handle: Handle, model: str, ingested: Ingested, version: Version | None) -> str | None:
    """The newest version, if it has the very same bytes; an environment's name for them is no repetition."""
    if version is not None and version.environment:
        return None
    newest = handle.index.last_made(model)
    return newest.version if newest is not None and newest.digest == ingested.artifact.digest else None


def _publish(handle: Handle, draft: Draft) -> Published:
    git, target = handle.git, draft.target
    if not target.new_branch:
        return publish(git, target.branch, draft.prepare)
    tip = git.newest_known(target.branch)
    draft.prepare(tip)
    assert draft.manifest is not None
    reference = f"{draft.manifest.model}@{draft.manifest.version}"
    name = f"propose/{reference}"
    if git.branch_tip(name) is not None:
        following = Version.parse(draft.manifest.version).bump("minor")
        suggestion = following.text(zero_patch=following.patch_written)
        raise Conflict(
            f"a proposal of '{reference}' waits on branch '{name}' already",
            f"choose another number, such as --version {suggestion}",
        )
    return create_branch(git, name, tip, draft.prepare)


def _created(handle: Handle, draft: Draft, published: Published) -> ModelVersion:
    manifest = draft.manifest
    assert manifest is not None
    info = handle.git.commit_info(published.commit)
    return ModelVersion(
        model_id=manifest.model,
        version=manifest.version,
        status=READY if draft.target.tagged else PROPOSED,
        size_bytes=manifest.artifact.size,
        digest=str(manifest.artifact.digest),
        created_at=info.committed_at,
        created_by=info.committer,
        commit=published.commit,
        tag=tag_name(manifest.model, manifest.version) if draft.target.tagged else None,
        message=draft.request.message or "",
        _read_manifest=lambda: manifest,
        _read_signature=lambda: None,
    )
