"""The manifest of a tagged version, read from its reviewed commit and compared with its tag."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regolo_git.errors import IntegrityError
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.paths import manifest_path
from regolo_git.records.references import version_reference
from regolo_git.records.trailers import TagMessage
from regolo_git.registry.handle import Handle

if TYPE_CHECKING:
    from regolo_git.records.manifest import Manifest


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
