"""Seals of the manifests in a registry: which have to be there, and which are wrong.

A model whose newest tagged version is sealed accepts no unsealed manifest, except the one of a version that
was tagged like that, as after a revert to a version of release 0.1.
"""

from contextlib import suppress

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.seal import seal_problem
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


def is_seal_required(handle: Handle, model: str) -> bool:
    """Whether the newest tagged version of a model is sealed."""
    with suppress(NotFound, IntegrityError):  # no version, or one that is reported elsewhere
        for row in handle.index.newest(model, 1):
            return read_tagged_manifest(handle, row).seal is not None
    return False


def branch_seal_problem(handle: Handle, manifest: Manifest, oid: str) -> str | None:
    """What is wrong with the seal of a manifest on a branch, given its Git object; None if nothing is."""
    problem = seal_problem(manifest, required=True)
    if problem is None or manifest.seal is not None:
        return problem
    row = handle.index.find(*manifest.key)
    tagged_so = row is not None and row.manifest_oid == oid
    return None if tagged_so or not is_seal_required(handle, manifest.model) else problem


def refuse_broken_seal(version: ModelVersion) -> None:
    """Raises IntegrityError for a version whose manifest was mixed or edited."""
    problem = seal_problem(version.manifest, required=False)
    if problem is not None:
        raise IntegrityError(f"'{version.reference}' cannot be used: {problem}", Hint("fsck"))
