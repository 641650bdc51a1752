"""A version on its way: what was asked for, and the manifest, message and tag made of it on a branch's tip.

Everything that depends on the tip stands here, because it is done again when another writer was faster.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from regolo_git.artifacts.ingest.ingest import Ingested
from regolo_git.artifacts.source.sources import ArtifactSource
from regolo_git.errors import InvalidInput, VersionExists
from regolo_git.git.ignore import Ignored, words_if_let_in
from regolo_git.git.proposal import Proposal, TagProposal
from regolo_git.records.manifest import FileEntry, Lineage, Manifest
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.model_card import ModelCard, new_card_text
from regolo_git.records.names import check_message, check_text
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.serving_block import implied_by, says_no_more_than_a_name
from regolo_git.records.toml_text import Table
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, next_version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.target import Flow, Target

Bump = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """What the caller wants: `version` and `bump` exclude each other; neither means the next minor.

    A `source` that is a version gives its bytes, which stay where they are, and what is not said anew.
    """

    model: str
    source: ArtifactSource | ModelVersion
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

    def __post_init__(self) -> None:
        """Raises TypeError for what is not text, InvalidInput for a word that means nothing."""
        check_text("the name of a model", self.model)
        for what in ("version", "description", "model_description", "message"):
            value = getattr(self, what)
            if value is not None:
                check_text(f"'{what}'", value)
        if self.message is not None:
            check_message(self.message)
        if self.bump is not None and self.bump not in get_args(Bump):
            raise InvalidInput(
                f"'{self.bump}' is no part of a version", f"one of {', '.join(get_args(Bump))}"
            )
        if self.flow not in get_args(Flow):
            raise InvalidInput(f"'{self.flow}' is no flow", f"one of {', '.join(get_args(Flow))}")
        if self.version is not None and self.bump is not None:
            raise InvalidInput("'version' and 'bump' exclude each other")
        if self.lineage is not None and not isinstance(self.lineage, Lineage):
            raise TypeError(f"lineage is a regolo_git.Lineage, not {self.lineage!r}")


@dataclass
class Draft:
    """A version on its way; `prepare` may run several times, each on the tip it is given."""

    handle: Handle
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
        model = self.request.model
        records = self.handle.records_at(tip)
        previous, card = records.manifest(model), records.card(model)
        version = self.version or next_version(
            _known(self.handle, model, previous), self.request.bump or "minor"
        )
        zero_patch = _zero_patch(self.handle, model, card, version)
        refuse_existing(self.handle, model, version)
        _refuse_untagged(model, version, previous)
        self.manifest = self._manifest(version, zero_patch, previous)
        files: dict[str, bytes | None] = {manifest_path(model): self.manifest.to_text().encode()}
        if card is None:
            files[card_path(model)] = new_card_text(
                description=self.request.model_description, zero_patch=zero_patch
            ).encode()
        if self.ignored is not None and self.ignored.content is not None:
            files[self.ignored.path] = self.ignored.content
        return Proposal(files=files, message=self._message(), tag=self._tag())

    def _manifest(self, version: Version, zero_patch: bool, previous: Manifest | None) -> Manifest:
        ingested = self.ingested
        directory = ingested.artifact.kind == "directory"
        return Manifest(
            model=self.request.model,
            version=version.text(zero_patch=zero_patch),
            description=self.request.description,
            build=version.build,
            parents=(previous.version,) if previous else (),
            artifact=replace(
                ingested.artifact,
                path=self.place,
                file_count=len(ingested.files) if directory and len(ingested.files) > 200 else None,
            ),
            files={f.path: FileEntry(f.size, f.digest) for f in ingested.files}
            if directory and len(ingested.files) <= 200
            else None,
            metadata=self.metadata,
            lineage=self.request.lineage,
            serving=self._serving(previous),
            unknown={},
        )

    def _serving(self, previous: Manifest | None) -> Table | None:
        """What was given, else what stood there; a block that only a name stood for follows the name."""
        if self.serving is not None:
            return self.serving
        before = previous.serving if previous is not None else None
        source = self.request.source
        implied = implied_by(Path(source).name) if isinstance(source, str | Path) else None
        if implied is None or self.ingested.artifact.kind == "directory":
            return before
        if before is None:
            # In the work tree the path says it.  A file from elsewhere leaves its name behind.
            return implied.to_mapping() if self.place is None else None
        return implied.to_mapping() if says_no_more_than_a_name(before) else before

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
        """What the user should know of it, once it is published."""
        if self.ignored is None or self.place is None:
            return ()
        words = self.ignored.text, words_if_let_in(self.handle.git, self.place)
        return tuple(text for text in words if text)


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


def _known(handle: Handle, model: str, previous: Manifest | None) -> list[Version]:
    """The versions that a new number must come after: the highest tags, and one without its tag yet."""
    rows = handle.index.highest(model)
    return [Version.parse(row.version) for row in rows] + (
        [Version.parse(previous.version)] if previous else []
    )


def _refuse_untagged(model: str, version: Version, previous: Manifest | None) -> None:
    if previous is not None and Version.parse(previous.version).identity == version.identity:
        raise VersionExists(
            f"version '{previous.version}' of '{model}' is on this branch already, without a tag",
            "git regolo tag --merged",
        )


def _zero_patch(handle: Handle, model: str, card: ModelCard | None, version: Version) -> bool:
    """Whether `1.0` is written `1.0.0`: the card says so, else the model's versions, else this one."""
    if card is not None:
        return card.zero_patch
    rows = handle.index.highest(model)
    return Version.parse(rows[0].version).patch_written if rows else version.patch_written


def refuse_existing(handle: Handle, model: str, version: Version) -> None:
    """Raises VersionExists where a tag stands for the same version: `1.0` and `1.0.0` are one."""
    row = handle.index.find(model, version.identity)
    if row is None:
        return
    following = next_version(_known(handle, model, None), "minor")
    suggestion = following.text(zero_patch=Version.parse(row.version).patch_written)
    raise VersionExists(
        f"version '{row.version}' of '{model}' exists already, and versions never change",
        f"choose another, such as --version {suggestion}",
    )
