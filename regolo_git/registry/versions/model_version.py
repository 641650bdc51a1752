"""A version as the API shows it: what its tag says at once, what its manifest says when asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from regolo_git.errors import IntegrityError
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.manifest import FileEntry, Lineage, Manifest
from regolo_git.records.metadata import MetadataValue, metrics_of
from regolo_git.records.paths import manifest_path
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle


@dataclass(frozen=True)
class ModelVersion:
    """One immutable version of a model.

    `tag` is None for a proposal that is not merged and tagged yet.  `created_at` has its time zone (UTC);
    `size_bytes` is the size of the artifact; `digest` reads `sha256:<hex>` or `blake3:<hex>`; `status` is
    "ready", "retired", "proposed" or the name of the environment that it is promoted to.
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
    _read_manifest: Callable[[], Manifest] = field(repr=False, compare=False)
    _read_signature: Callable[[], str | None] = field(repr=False, compare=False)

    @property
    def size_mb(self) -> float:
        """The artifact's size in MB (10^6 bytes)."""
        return self.size_bytes / 1e6

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`, as the command line takes it."""
        return version_reference(self.model_id, self.version)

    @cached_property
    def manifest(self) -> Manifest:
        """The reviewed file of this version, read from Git when first asked for."""
        return self._read_manifest()

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """The user's own keys, nested as given."""
        return self.manifest.metadata

    @property
    def metrics(self) -> Mapping[str, int | float]:
        """The numbers among the metadata by dotted name."""
        return metrics_of(self.manifest.metadata)

    @property
    def description(self) -> str | None:
        """What the author wrote about this version."""
        return self.manifest.description

    @property
    def parents(self) -> tuple[str, ...]:
        """The versions that this one follows."""
        return self.manifest.parents

    @property
    def files(self) -> Mapping[str, FileEntry]:
        """The artifact's files by path; past 200 files the manifest does not list them."""
        return self.manifest.file_entries(None)

    @property
    def lineage(self) -> Lineage | None:
        """Code, data, parameters and base, where they were recorded."""
        return self.manifest.lineage

    @cached_property
    def signature(self) -> str | None:
        """The armored signature of the tag, None where it is not signed.  Not verified here."""
        return self._read_signature()


def version_of_row(handle: Handle, row: TagRow, status: str) -> ModelVersion:
    """The version that a row of the tag index stands for."""
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
        _read_manifest=lambda: read_tagged_manifest(handle, row),
        _read_signature=lambda: handle.git.tag_signature(row.tag_oid),
    )


def read_tagged_manifest(handle: Handle, row: TagRow) -> Manifest:
    """The manifest of a version: the one in its commit, which people have reviewed.

    Raises IntegrityError where the tag names another, or where it speaks of another version.
    """
    held = handle.git.blob_oid(row.commit_oid, manifest_path(row.model))
    if held != row.manifest_oid:
        raise IntegrityError(f"tag '{row.tag}' names a manifest that its commit does not have", Hint("fsck"))
    manifest = Manifest.parse(handle.git.read_blob(row.manifest_oid))
    if (manifest.model, manifest.version) != (row.model, row.version):
        raise IntegrityError(f"tag '{row.tag}' holds the manifest of '{manifest.reference}'", Hint("fsck"))
    if (manifest.artifact.digest, manifest.artifact.size) != (row.digest, row.size):
        raise IntegrityError(f"tag '{row.tag}' records a different digest than its manifest", Hint("fsck"))
    return manifest
