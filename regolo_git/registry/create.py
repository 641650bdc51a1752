"""Making a version: the artifact into the store, then manifest, commit and tag in one step.

    check the request → ingest → (ask about same content) → prepare on the branch's tip → publish

`prepare` runs again on the new tip when another writer was faster, so an automatic version is always the
next one.  Nothing but unreferenced bytes in the store is left behind when any step fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from regolo_git.errors import Conflict, NotFound, VersionExists
from regolo_git.git.ignore import Ignored
from regolo_git.git.publish import Proposal, Published, TagProposal, create_branch, publish
from regolo_git.records.manifest import Artifact, FileEntry, Lineage, Manifest
from regolo_git.records.metadata import MetadataValue, normalise_metadata
from regolo_git.records.model_card import ModelCard, new_card_text
from regolo_git.records.names import check_model_name
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.serving_block import ServingBlock
from regolo_git.records.toml_text import Table
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, next_version, tag_name
from regolo_git.registry.artifact_place import artifact_place, see_to_ignore
from regolo_git.registry.model_version import ModelVersion
from regolo_git.registry.status import PROPOSED, READY
from regolo_git.registry.target import Flow, Target, choose_target
from regolo_git.repository.ingest import Ingested, ingest
from regolo_git.repository.repository import Repository
from regolo_git.repository.sources import ArtifactSource

Bump = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """What the caller wants: `version` and `bump` exclude each other; neither means the next minor."""

    model: str
    source: ArtifactSource
    new_model: bool
    version: str | None = None
    bump: Bump | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    description: str | None = None
    model_description: str | None = None
    message: str | None = None
    lineage: Lineage | None = None
    serving: Mapping[str, object] | None = None
    flow: Flow = "auto"


@dataclass(frozen=True, slots=True)
class CreatedVersion:
    """A version that was just made.  `branch` is where a proposal waits; `notices` are for the user."""

    version: ModelVersion
    new_bytes: int
    branch: str
    notices: tuple[str, ...]


SameContent = Callable[[str], None]
Progress = Callable[[int], None]


def create_version(
    repository: Repository,
    request: VersionRequest,
    *,
    on_same_content: SameContent,
    on_progress: Progress | None = None,
) -> CreatedVersion:
    """Makes a version, or nothing.

    `on_same_content` is called with the name of the version that has the same bytes already, before anything
    is written to Git; what it raises ends the call.  Raises InvalidInput, NotFound, VersionExists, Conflict,
    PolicyRefused, TransportError.
    """
    model = check_model_name(request.model)
    metadata = normalise_metadata(request.metadata)
    serving = ServingBlock.parse(request.serving).to_mapping() if request.serving is not None else None
    version = Version.parse(request.version) if request.version is not None else None
    target = choose_target(repository, request.flow)
    _check_model(repository, request.new_model, model, target)
    if version is not None:
        refuse_existing(repository, model, version)
    place = artifact_place(repository, request.source)
    algorithm = repository.config().digest
    ingested = ingest(
        repository.store, request.source, algorithm=algorithm, cache=repository.cache, on_progress=on_progress
    )
    same = _same_content(repository, model, ingested, version)
    if same is not None:
        on_same_content(same)
    ignored = see_to_ignore(repository, place, target.branch)
    draft = _Draft(repository, request, target, version, metadata, serving, place, ingested, ignored)
    published = _publish(repository, draft)
    return CreatedVersion(
        _created(repository, draft, published), ingested.new_bytes, published.branch, draft.notices()
    )


def refuse_existing(repository: Repository, model: str, version: Version) -> None:
    """Raises VersionExists where a tag stands for the same version: `1.0` and `1.0.0` are one."""
    row = repository.index.find(model, version.identity)
    if row is None:
        return
    following = next_version(_known(repository, model, None), "minor")
    suggestion = following.text(zero_patch=Version.parse(row.version).patch_written)
    raise VersionExists(
        f"version '{row.version}' of '{model}' exists already, and versions never change",
        f"choose another, such as --version {suggestion}",
    )


def _check_model(repository: Repository, new: bool, model: str, target: Target) -> None:
    tip = repository.git.branch_tip(target.branch)
    exists = bool(repository.index.highest(model)) or (
        tip is not None and repository.git.read_file(tip, manifest_path(model)) is not None
    )
    if new and exists:
        raise Conflict(f"model '{model}' exists already", f"git regolo commit {model} PATH")
    if not new and not exists:
        raise NotFound(f"there is no model '{model}' yet", f"git regolo register {model} PATH")


def _same_content(
    repository: Repository, model: str, ingested: Ingested, version: Version | None
) -> str | None:
    """The newest version, if it has the very same bytes; an environment's name for them is no repetition."""
    if version is not None and version.environment:
        return None
    newest = repository.index.last_made(model)
    return newest.version if newest is not None and newest.digest == ingested.digest else None


@dataclass
class _Draft:
    """A version on its way; `prepare` may run several times, each on the tip it is given."""

    repository: Repository
    request: VersionRequest
    target: Target
    version: Version | None
    metadata: dict[str, MetadataValue]
    serving: Table | None
    place: str | None
    ingested: Ingested
    ignored: Ignored | None
    manifest: Manifest | None = None

    def prepare(self, tip: str | None) -> Proposal:
        git, model = self.repository.git, self.request.model
        previous = _read_manifest(self.repository, tip, model)
        card_text = git.read_file(tip, card_path(model)) if tip else None
        version = self.version or next_version(
            _known(self.repository, model, previous), self.request.bump or "minor"
        )
        zero_patch = _zero_patch(self.repository, model, card_text, version)
        refuse_existing(self.repository, model, version)
        _refuse_untagged(model, version, previous)
        self.manifest = self._manifest(version, zero_patch, previous)
        files: dict[str, bytes | None] = {manifest_path(model): self.manifest.to_text().encode()}
        if card_text is None:
            files[card_path(model)] = new_card_text(
                description=self.request.model_description, zero_patch=zero_patch
            ).encode()
        if self.ignored is not None and self.ignored.content is not None:
            files[self.ignored.path] = self.ignored.content
        return Proposal(files=files, message=self._message(), tag=self._tag())

    def _manifest(self, version: Version, zero_patch: bool, previous: Manifest | None) -> Manifest:
        ingested = self.ingested
        directory = ingested.kind == "directory"
        serving = self.serving if self.serving is not None else (previous.serving if previous else None)
        return Manifest(
            model=self.request.model,
            version=version.text(zero_patch=zero_patch),
            description=self.request.description,
            build=version.build,
            parents=(previous.version,) if previous else (),
            artifact=Artifact(
                kind=ingested.kind,
                path=self.place,
                digest=ingested.digest,
                size=ingested.size,
                recipe=ingested.recipe,
                file_count=len(ingested.files) if directory and len(ingested.files) > 200 else None,
            ),
            files={f.path: FileEntry(f.size, f.digest) for f in ingested.files}
            if directory and len(ingested.files) <= 200
            else None,
            metadata=self.metadata,
            lineage=self.request.lineage,
            serving=serving,
            unknown={},
        )

    def _message(self) -> str:
        assert self.manifest is not None
        reference = f"{self.manifest.model}@{self.manifest.version}"
        if self.request.message:
            return f"{self.request.message}\n\n{reference}\n"
        verb = "register" if self.request.new_model else "add"
        return f"{verb} {reference}\n"

    def _tag(self) -> TagProposal | None:
        manifest = self.manifest
        assert manifest is not None
        if not self.target.tagged:
            return None
        subject = self.request.message or f"{manifest.model}@{manifest.version}"
        return TagProposal(
            tag_name(manifest.model, manifest.version),
            lambda blobs: tag_message(manifest, subject, blobs[manifest_path(manifest.model)]),
        )

    def notices(self) -> tuple[str, ...]:
        return (self.ignored.text,) if self.ignored is not None and self.ignored.text else ()


def tag_message(manifest: Manifest, subject: str, manifest_oid: str) -> str:
    """The text of a version's tag: its subject, and the trailers that a list is made of."""
    return TagMessage(
        subject=subject,
        model=manifest.model,
        version=manifest.version,
        manifest_oid=manifest_oid,
        digest=manifest.artifact.digest,
        size=manifest.artifact.size,
    ).to_text()


def _read_manifest(repository: Repository, tip: str | None, model: str) -> Manifest | None:
    text = repository.git.read_file(tip, manifest_path(model)) if tip else None
    return Manifest.parse(text) if text is not None else None


def _known(repository: Repository, model: str, previous: Manifest | None) -> list[Version]:
    """The versions that a new number must come after: the highest tags, and one without its tag yet."""
    rows = repository.index.highest(model)
    return [Version.parse(row.version) for row in rows] + (
        [Version.parse(previous.version)] if previous else []
    )


def _refuse_untagged(model: str, version: Version, previous: Manifest | None) -> None:
    if previous is not None and Version.parse(previous.version).identity == version.identity:
        raise VersionExists(
            f"version '{previous.version}' of '{model}' is on this branch already, without a tag",
            "git regolo tag --merged",
        )


def _zero_patch(repository: Repository, model: str, card_text: bytes | None, version: Version) -> bool:
    """Whether `1.0` is written `1.0.0`: the card says so, else the model's versions, else this one."""
    if card_text is not None:
        return ModelCard.parse(card_text).zero_patch
    rows = repository.index.highest(model)
    return Version.parse(rows[0].version).patch_written if rows else version.patch_written


def _publish(repository: Repository, draft: _Draft) -> Published:
    git, target = repository.git, draft.target
    if not target.new_branch:
        return publish(git, target.branch, draft.prepare)
    tip = git.branch_tip(target.branch)
    draft.prepare(tip)
    assert draft.manifest is not None
    name = f"propose/{draft.manifest.model}@{draft.manifest.version}"
    return create_branch(git, name, tip, draft.prepare)


def _created(repository: Repository, draft: _Draft, published: Published) -> ModelVersion:
    manifest = draft.manifest
    assert manifest is not None
    info = repository.git.commit_info(published.commit)
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
