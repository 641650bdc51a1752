"""A version as the API shows it: its tag's data at once, its manifest on demand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from regolo_git.errors import IntegrityError
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.paths import SIGNERS_PATH, manifest_path
from regolo_git.records.references import version_reference
from regolo_git.records.trailers import TagMessage
from regolo_git.registry.handle import Handle

if TYPE_CHECKING:
    from regolo_git.records.evaluations import Evaluation, Evaluations, Measured
    from regolo_git.records.manifest import FileEntry, Lineage, Manifest
    from regolo_git.records.measurement import Measurement
    from regolo_git.records.metadata import MetadataValue
    from regolo_git.registry.retirements import Retirement


@dataclass(frozen=True)
class ModelVersion:
    """One immutable version of a model.

    `tag` is None for a proposal that is not merged and tagged yet.  `created_at` has its time zone (UTC);
    `size_bytes` is the size of the artifact; `digest` reads `sha256:<hex>` or `blake3:<hex>`; `status` is
    "ready", "retired", "proposed", "not merged" or the highest environment that the version is promoted to;
    `environments` has them all, lowest first, and `endpoints` the share of each endpoint that has it.
    `retirement` has the time, author and reason of a retired version, and `labels` the values of its labels.
    `merged` is False for a version that neither the registry branch nor another released branch contains;
    `current` says whether the registry branch has this version now, which after a revert is an older one.
    """

    model_id: str
    version: str
    status: str
    size_bytes: int
    digest: str
    created_at: datetime
    created_by: str
    commit: str
    tag: str | None
    message: str
    _read_manifest: Callable[[], "Manifest"] = field(repr=False, compare=False)
    _read_signature: Callable[[], str | None] = field(repr=False, compare=False)
    _read_evaluations: "Callable[[], Evaluations] | None" = field(default=None, repr=False, compare=False)
    _read_signer: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)
    merged: bool = True
    current: bool = False
    environments: tuple[str, ...] = ()
    endpoints: Mapping[str, float] = field(default_factory=dict)
    retirement: "Retirement | None" = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def size_mb(self) -> float:
        """The artifact's size in MB (10^6 bytes)."""
        return self.size_bytes / 1e6

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`, as on the command line."""
        return version_reference(self.model_id, self.version)

    @cached_property
    def manifest(self) -> "Manifest":
        """The reviewed manifest, read from Git on first use."""
        return self._read_manifest()

    @property
    def metadata(self) -> "Mapping[str, MetadataValue]":
        """The user's own keys, nested as given, with the value of each metric at its dotted place."""
        return self.manifest.shown_metadata

    @property
    def metrics(self) -> Mapping[str, int | float]:
        """The values of the metrics by dotted name, the newest of each."""
        return {name: held.measurement.value for name, held in self.measured.items()}

    @property
    def measurements(self) -> "Mapping[str, Measurement]":
        """The metrics by dotted name, each with what is known of how it was measured, the newest of each."""
        return {name: held.measurement for name, held in self.measured.items()}

    @cached_property
    def measured(self) -> "Mapping[str, Measured]":
        """The newest measurement of each metric, and the evaluation that it is from, if any."""
        from regolo_git.records.evaluations import Evaluations  # noqa: PLC0415 - `list` needs no metrics

        evaluations = self._read_evaluations() if self._read_evaluations is not None else Evaluations()
        return evaluations.measured(self.manifest)

    @property
    def evaluations(self) -> "tuple[Evaluation, ...]":
        """What was measured of this version later, oldest first."""
        from regolo_git.records.digests import Digest  # noqa: PLC0415 - `list` needs no metrics

        if self._read_evaluations is None:
            return ()
        return self._read_evaluations().of(self.version, Digest.parse(self.digest))

    @property
    def description(self) -> str | None:
        """The author's description of this version."""
        return self.manifest.description

    @property
    def parents(self) -> tuple[str, ...]:
        """The versions that this one follows."""
        return self.manifest.parents

    @property
    def files(self) -> "Mapping[str, FileEntry]":
        """The artifact's files by path; past 200 files the manifest does not list them."""
        return self.manifest.file_entries(None)

    @property
    def lineage(self) -> "Lineage | None":
        """The recorded code, data, parameters and base."""
        return self.manifest.lineage

    @cached_property
    def signature(self) -> str | None:
        """The tag's armored signature, not verified; None if the tag is not signed."""
        return self._read_signature()

    @cached_property
    def signed_by(self) -> str | None:
        """Who signed it, of those in `.regolo/allowed_signers` on the registry branch; None if nobody.

        Raises MissingDependency if it is signed and `ssh-keygen` or `gpg` is missing.
        """
        return self._read_signer() if self._read_signer is not None else None


def version_of_row(
    handle: Handle,
    row: TagRow,
    status: str,
    *,
    merged: bool = True,
    current: bool = False,
    environments: tuple[str, ...] = (),
    endpoints: Mapping[str, float] | None = None,
    retirement: "Retirement | None" = None,
    labels: Mapping[str, str] | None = None,
    listed: Sequence[TagRow] = (),
) -> ModelVersion:
    """The version in a row of the tag index; `listed` are those whose manifests are likely read as well."""
    return ModelVersion(
        model_id=row.model,
        version=row.version,
        status=status,
        size_bytes=row.size,
        digest=str(row.digest),
        created_at=row.created_at,
        created_by=row.created_by,
        commit=row.commit_oid,
        tag=row.tag,
        message=row.subject,
        _read_manifest=lambda: _read_one_of(handle, row, listed),
        _read_signature=lambda: handle.git.tag_signature(row.tag_oid),
        _read_evaluations=lambda: handle.records().evaluations(row.model),
        _read_signer=lambda: _signer(handle, row),
        merged=merged,
        current=current,
        environments=environments,
        endpoints=endpoints or {},
        retirement=retirement,
        labels=labels or {},
    )


def _signer(handle: Handle, row: TagRow) -> str | None:
    from regolo_git.registry.signatures import signature_of  # noqa: PLC0415 - `list` asks for no signature

    return signature_of(handle, row.tag, row.commit_oid, handle.records().data(SIGNERS_PATH)).signer


def _read_one_of(handle: Handle, row: TagRow, listed: Sequence[TagRow]) -> "Manifest":
    if handle.git.promised is not None and not handle.git.has(row.manifest_oid):
        fetch_manifests(handle, listed)
    return read_tagged_manifest(handle, row)


def read_tagged_manifest(handle: Handle, row: TagRow) -> "Manifest":
    """The manifest of a version, from its reviewed commit.

    Raises IntegrityError if the tag names another manifest, or if the manifest is of another version.
    """
    manifest = _parsed(manifest_data(handle, row), row)
    if (manifest.model, manifest.version) != (row.model, row.version):
        raise IntegrityError(f"tag '{row.tag}' has the manifest of '{manifest.reference}'", Hint("fsck"))
    if (manifest.artifact.digest, manifest.artifact.size) != (row.digest, row.size):
        raise IntegrityError(f"tag '{row.tag}' records a different digest than its manifest", Hint("fsck"))
    return manifest


def read_tag_message(handle: Handle, row: TagRow) -> TagMessage | None:
    """The message of a version's tag; None if it has no valid trailers any more."""
    tag = handle.git.read_tag_object(row.tag_oid)
    return TagMessage.parse(tag.message) if tag is not None else None


def fetch_manifests(handle: Handle, rows: Sequence[TagRow]) -> None:
    """Fetches the manifests of versions that are about to be read, where a partial clone lacks them."""
    from regolo_git.git.prefetch import fetch_missing, fetch_trees  # noqa: PLC0415 - imports the Git library

    fetch_trees(handle.git, (row.commit_oid for row in rows))
    fetch_missing(handle.git, (row.manifest_oid for row in rows))


def manifest_data(handle: Handle, row: TagRow) -> bytes:
    """The manifest of a version as stored in its commit.  Raises IntegrityError if the tag names another."""
    held = handle.git.blob_oid(row.commit_oid, manifest_path(row.model))
    if held != row.manifest_oid:
        raise IntegrityError(f"tag '{row.tag}' names a manifest that its commit does not have", Hint("fsck"))
    return handle.git.read_blob(row.manifest_oid)


def _parsed(data: bytes, row: TagRow) -> "Manifest":
    from regolo_git.records.manifest import Manifest  # noqa: PLC0415 - `list` needs no manifest

    try:
        return Manifest.parse(data)
    except IntegrityError as error:
        raise type(error)(f"tag '{row.tag}': {error.message}", error.hint or unreadable_hint(row)) from error


def unreadable_hint(row: TagRow) -> Hint:
    """What helps with a version whose manifest cannot be read: tags never move, so it stays unreadable."""
    return Hint("retire", version_reference(row.model, row.version), "-m", "its manifest cannot be read")


def known_metrics(handle: Handle, version: ModelVersion) -> Mapping[str, int | float] | None:
    """The values of the metrics of a version in a list; None if its manifest cannot be read."""
    known = known_measurements(handle, version)
    return {name: measurement.value for name, measurement in known.items()} if known is not None else None


def measured_later(version: ModelVersion) -> frozenset[str]:
    """The metrics of a version whose newest measurement is not that of its manifest; empty if unreadable."""
    try:
        if not version.evaluations:  # no manifest is read for it
            return frozenset()
        return frozenset(name for name, held in version.measured.items() if held.evaluation is not None)
    except IntegrityError:
        return frozenset()


def known_measurements(handle: Handle, version: ModelVersion) -> "Mapping[str, Measurement] | None":
    """The metrics of a version in a list; None, with a notice, if its manifest cannot be read.

    Evaluations that cannot be read are a notice, too.
    """
    try:
        return version.measurements
    except IntegrityError as error:
        handle.notice_broken([error])
    try:
        return version.manifest.measurements
    except IntegrityError:
        return None
