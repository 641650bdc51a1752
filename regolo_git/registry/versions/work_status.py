"""What lies in the work tree against what the checked-out commit's manifests say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regolo_git.artifacts.ingest.ingest import OnBytes, digest_of
from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.checkout import head_records

State = Literal["unchanged", "modified", "missing", "no path"]


@dataclass(frozen=True, slots=True)
class ArtifactStatus:
    """One model: the version in force, whether it has a tag, and its artifact in the work tree.

    `holds` is the other version whose bytes lie there, where it is "modified" into one.
    """

    model: str
    version: str
    tagged: bool
    path: str | None
    state: State
    holds: str | None = None


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """A work tree: `branch` is None on a detached HEAD, `head` is None before the first commit."""

    branch: str | None
    head: str | None
    registry_branch: str
    artifacts: tuple[ArtifactStatus, ...]


def work_status(handle: Handle, *, on_bytes: OnBytes | None = None) -> WorkStatus:
    """Compares every artifact at its recorded path; a file that has not changed since is not read again.

    A notice names each manifest that cannot be read.  `on_bytes` is told of the artifacts' bytes as they
    become known.
    """
    manifests = handle.readable(head_records(handle).manifests())
    return WorkStatus(
        branch=handle.git.head_branch(),
        head=handle.git.head_commit(),
        registry_branch=handle.registry_branch(),
        artifacts=tuple(_status(handle, manifest, on_bytes) for manifest in manifests),
    )


def _status(handle: Handle, manifest: Manifest, on_bytes: OnBytes | None) -> ArtifactStatus:
    tagged = handle.index.find(manifest.model, Version.parse(manifest.version).identity) is not None
    path = manifest.artifact.path
    state, holds = _state(handle, manifest, path, on_bytes)
    return ArtifactStatus(manifest.model, manifest.version, tagged, path, state, holds)


def _state(
    handle: Handle, manifest: Manifest, path: str | None, on_bytes: OnBytes | None
) -> tuple[State, str | None]:
    top = handle.paths.work_tree
    if path is None or top is None:
        return "no path", None
    place = top / path
    if not _exists(place):
        return "missing", None
    algorithm = manifest.artifact.digest.algorithm
    current = digest_of(place, algorithm=algorithm, cache=handle.cache, on_bytes=on_bytes)
    if current == manifest.artifact.digest:
        return "unchanged", None
    rows = handle.index.rows(manifest.model)
    return "modified", next((row.version for row in reversed(rows) if row.digest == current), None)


def _exists(place: Path) -> bool:
    return place.exists() or place.is_symlink()
