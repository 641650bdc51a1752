"""Checks that a version's tag, trailers, commit and manifest agree.

The commit's manifest is authoritative; the tag's name and trailers, which lists are built from, are compared
with it.
"""

import shlex
from collections.abc import Iterator

from regolo_git.errors import RegoloError, TransportError
from regolo_git.git.many_files import File
from regolo_git.git.tag_index import TagRow
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.versions import parse_tag_name, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import unreadable_hint
from regolo_git.text.commits import short


def check_foreign_tags(handle: Handle) -> Iterator[Problem]:
    """Tags that are named like a version but are not one, on a commit that has a manifest of the model.

    Tags of other tools may have similar names; without such a manifest they are ignored.
    """
    for tag, what in handle.index.problems():
        parsed = parse_tag_name(tag)
        if parsed is not None and _holds_manifest(handle, tag, parsed[0]):
            yield Problem(f"tag {tag}", what, f"git tag -d {shlex.quote(tag)} && git regolo tag --merged")


def _holds_manifest(handle: Handle, tag: str, model: str) -> bool:
    try:
        commit = handle.git.resolve(f"refs/tags/{tag}^{{commit}}")
        return handle.git.blob_oid(commit, manifest_path(model)) is not None
    except RegoloError:
        return False


def read_checked_manifest(
    handle: Handle, row: TagRow, file: File | None, *, retired: bool
) -> tuple[Manifest | None, list[Problem]]:
    """The manifest of a version, or None if it cannot be read, and the disagreements of its tag with it.

    `file` is the manifest in its commit; None if that has to be read.
    """
    subject = f"tag {row.tag}"
    again = f"git fetch origin tag {shlex.quote(row.tag)}"
    held: str | None = None
    try:
        held = file[0] if file else handle.git.blob_oid(row.commit_oid, manifest_path(row.model))
        if held is None:
            return None, [
                Problem(subject, f"commit {short(row.commit_oid)} has no manifest of '{row.model}'", again)
            ]
        manifest = Manifest.parse(file[1] if file else handle.git.read_blob(held))
    except TransportError:
        raise  # of a partial clone that cannot reach its remote
    except RegoloError as error:
        if held != row.manifest_oid:
            return None, [Problem(subject, error.message, error.hint or again)]
        # It was stored so, and every clone has the same bytes: a retired version may stay like that.
        unreadable = Problem(subject, error.message, error.hint or unreadable_hint(row))
        return None, [] if retired else [unreadable]
    disagreements = [
        (
            held != row.manifest_oid,
            f"names manifest {short(row.manifest_oid)}, but its commit has {short(held)}",
        ),
        (
            tag_name(manifest.model, manifest.version) != row.tag,
            f"its manifest is of '{manifest.reference}'",
        ),
        (
            manifest.artifact.digest != row.digest,
            f"records {row.digest}, but its manifest {manifest.artifact.digest}",
        ),
        (
            manifest.artifact.size != row.size,
            f"records {row.size} bytes, but its manifest {manifest.artifact.size}",
        ),
    ]
    return manifest, [Problem(subject, what, again) for wrong, what in disagreements if wrong]
