"""A version as the API shows it: its tag's data at once, its manifest on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from regolo_git.cached import cached_property
from regolo_git.errors import IntegrityError
from regolo_git.git.tag_index import TagRow
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.version_actions import VersionActions
from regolo_git.registry.versions.version_source import UNBOUND, TaggedSource, VersionSource
from regolo_git.text.json_values import Plain
from regolo_git.text.sizes import size_text

if TYPE_CHECKING:
    from regolo_git.records.evaluations import Evaluation, Measured
    from regolo_git.records.manifest import FileEntry, Lineage, Manifest
    from regolo_git.records.measurement import Measurement
    from regolo_git.records.metadata import MetadataValue
    from regolo_git.registry.retirements import Retirement


@dataclass(frozen=True, repr=False)
class ModelVersion(VersionActions):
    """One immutable version of a model.

    `tag` is None for a proposal that is not merged and tagged yet.  `created_at` has its time zone (UTC);
    `size_bytes` is the size of the artifact; `digest` reads `sha256:<hex>` or `blake3:<hex>`; `status` is
    "ready", "retired", "proposed", "not merged" or the highest environment that the version is promoted to;
    `environments` has them all, lowest first, and `endpoints` the share of each endpoint that has it.
    `retirement` has the time, author and reason of a retired version, and `labels` the values of its labels.
    `merged` is False for a version that neither the registry branch nor another released branch contains;
    `current` says whether the registry branch has this version now, which after a revert is an older one.

    A version can be pickled.  What it reads from Git on first use, such as its metrics, is then read from the
    registry at the same path, which the other process must be able to open.
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
    _source: InitVar[VersionSource] = UNBOUND  # not a field: it is part of no dictionary or data frame
    merged: bool = True
    current: bool = False
    environments: tuple[str, ...] = ()
    endpoints: Mapping[str, float] = field(default_factory=dict, hash=False)
    retirement: "Retirement | None" = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self, _source: VersionSource) -> None:
        object.__setattr__(self, "_source", _source)

    def __repr__(self) -> str:
        return f"<ModelVersion {self.reference} {self.status}, {size_text(self.size_bytes)}>"

    def to_dict(self) -> Plain:
        """All that is known of it as plain values, under the names of `git regolo list --json` and `show`."""
        from regolo_git.registry.versions.version_values import values_of  # noqa: PLC0415 - `list` needs no manifest

        return values_of(self)

    def _repr_html_(self) -> str:
        from regolo_git.registry.versions.version_html import version_html  # noqa: PLC0415 - in a notebook

        return version_html(self)

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
        return self._source.manifest()

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
        return self._source.evaluations().measured(self.manifest)

    @property
    def evaluations(self) -> "tuple[Evaluation, ...]":
        """What was measured of this version later, oldest first."""
        from regolo_git.records.digests import Digest  # noqa: PLC0415 - `list` needs no metrics

        return self._source.evaluations().of(self.version, Digest.parse(self.digest))

    @property
    def description(self) -> str | None:
        """The author's description of this version."""
        return self.manifest.description

    @property
    def parents(self) -> tuple[str, ...]:
        """The versions that this one follows."""
        return self.manifest.parents

    @property
    def path(self) -> str | None:
        """Its path in a work tree; None for data that came from memory or from outside the work tree."""
        return self.manifest.artifact.path

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
        return self._source.signature()

    @cached_property
    def signed_by(self) -> str | None:
        """Who signed it, of those in `.regolo/allowed_signers` on the registry branch; None if nobody.

        A version without a tag, such as a proposal, has no signature yet: its tag is signed after the merge.
        Raises MissingDependency if it is signed and `ssh-keygen` or `gpg` is missing.
        """
        return self._source.signer()


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
        _source=TaggedSource(handle, row, listed),
        merged=merged,
        current=current,
        environments=environments,
        endpoints=endpoints or {},
        retirement=retirement,
        labels=labels or {},
    )


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
