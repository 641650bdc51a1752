"""Checking a version's names: tag, trailers, commit and manifest must say the same.

The commit's manifest is the truth; the tag's name and trailers, which lists are made of, are held against it.
"""

import shlex
from collections.abc import Iterator

from regolo_git.errors import RegoloError
from regolo_git.git.tag_index import TagRow
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.versions import parse_tag_name, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.text.commits import short


def check_foreign_tags(handle: Handle) -> Iterator[Problem]:
    """Tags that are named like a version and are none, where their commit does hold that version.

    Other tools name tags like that too, and those are none of our business.
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


def read_checked_manifest(handle: Handle, row: TagRow) -> tuple[Manifest | None, list[Problem]]:
    """The manifest of a version, and everything that its tag says otherwise; None where it cannot be read."""
    subject = f"tag {row.tag}"
    again = f"git fetch origin tag {shlex.quote(row.tag)}"
    try:
        held = handle.git.blob_oid(row.commit_oid, manifest_path(row.model))
        if held is None:
            return None, [
                Problem(subject, f"commit {short(row.commit_oid)} has no manifest of '{row.model}'", again)
            ]
        manifest = Manifest.parse(handle.git.read_blob(held))
    except RegoloError as error:
        return None, [Problem(subject, error.message, error.hint or again)]
    disagreements = [
        (
            held != row.manifest_oid,
            f"names manifest {short(row.manifest_oid)}, and its commit has {short(held)}",
        ),
        (
            tag_name(manifest.model, manifest.version) != row.tag,
            f"its manifest is of '{manifest.reference}'",
        ),
        (
            manifest.artifact.digest != row.digest,
            f"says {row.digest}, and its manifest {manifest.artifact.digest}",
        ),
        (
            manifest.artifact.size != row.size,
            f"says {row.size} bytes, and its manifest {manifest.artifact.size}",
        ),
    ]
    return manifest, [Problem(subject, what, again) for wrong, what in disagreements if wrong]
