"""The status of the work tree: each artifact compared with its manifest at HEAD."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from regolo_git.artifacts.path_digest import digests_of
from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.records.digests import Digest, artifact_digest
from regolo_git.records.manifest import FileEntry, Manifest
from regolo_git.records.references import version_reference
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.checkout import head_records
from regolo_git.registry.versions.held import Held, held_at, note_held
from regolo_git.registry.versions.known_tags import note_missing_tags

ArtifactState = Literal["unchanged", "modified", "missing", "no path"]


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """The files of a directory that differ from those of a version, each sorted by path."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


class Compared(NamedTuple):
    """The files at a path compared with a version: another version that they are, and those that differ.

    `files` is None for a single file, and where the files of the version are not known.
    """

    state: ArtifactState
    holds: str | None = None
    files: ChangedFiles | None = None


@dataclass(frozen=True, slots=True)
class ArtifactStatus:
    """One model: its version at HEAD, whether that very version has a tag, and its artifact in the work tree.

    `holds` is another version that the "modified" artifact matches, if any.  `files` are those of a
    "modified" directory that differ.
    """

    model: str
    version: str
    tagged: bool
    path: str | None
    state: ArtifactState
    holds: str | None = None
    files: ChangedFiles | None = None

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """A work tree: `branch` is None on a detached HEAD, `head` is None before the first commit."""

    branch: str | None
    head: str | None
    registry_branch: str
    operations_branch: str
    artifacts: tuple[ArtifactStatus, ...]


def work_status(handle: Handle, *, on_progress: OnProgress = ignore_progress) -> WorkStatus:
    """Compares every artifact at its recorded path; a file that has not changed since is not read again.

    A notice names each unreadable manifest.
    """
    manifests = handle.readable(head_records(handle).manifests())
    sizes = [manifest.artifact.size if manifest.artifact.path is not None else 0 for manifest in manifests]
    progress, found = Progress(total=sum(sizes)), []
    rows = handle.index.find_all(manifest.key for manifest in manifests)
    for manifest, size in zip(manifests, sizes, strict=True):
        row = rows.get(manifest.key)
        tagged = row is not None and row.digest == manifest.artifact.digest
        found.append(_status(handle, manifest, tagged, following(progress, on_progress)))
        progress = progress.advanced(size)
    return WorkStatus(
        branch=handle.git.head_branch(),
        head=handle.git.head_commit(),
        registry_branch=handle.registry_branch(),
        operations_branch=handle.operations_branch(),
        artifacts=tuple(found),
    )


def _status(handle: Handle, manifest: Manifest, tagged: bool, on_progress: OnProgress) -> ArtifactStatus:
    if not tagged:
        note_missing_tags(handle)
    path = manifest.artifact.path
    found = artifact_state(handle, manifest, on_progress)
    return ArtifactStatus(manifest.model, manifest.version, tagged, path, *found)


def artifact_state(handle: Handle, manifest: Manifest, on_progress: OnProgress = ignore_progress) -> Compared:
    """The files at a manifest's path compared with it."""
    top, path = handle.paths.work_tree, manifest.artifact.path
    if path is None or top is None:
        return Compared("no path")
    place = top / path
    if not _exists(place):
        return Compared("missing")
    algorithm = manifest.artifact.digest.algorithm
    digests = digests_of(
        place,
        algorithm=algorithm,
        exclude=manifest.artifact.exclude,
        members=lambda: version_members(handle, manifest),
        cache=handle.cache,
        on_progress=on_progress,
    )
    current, files = artifact_digest(algorithm, digests), None
    if current == manifest.artifact.digest:
        _note_unchanged(handle, place, manifest)
        return Compared("unchanged")
    if manifest.artifact.kind == "directory" and "" not in digests:
        files = _changed_files(handle, manifest, digests)
    rows = handle.index.with_digest(manifest.model, str(current))
    if not rows:
        return Compared("modified", None, files)
    held = Held.of(manifest.model, rows[-1].version, current)
    before = held_at(handle, place)
    if before is None or (before.model, before.digest) != (held.model, held.digest):
        note_held(handle, place, held)  # an edit that starts now starts from this version
    return Compared("modified", held.version, files)


def _changed_files(handle: Handle, manifest: Manifest, digests: Mapping[str, Digest]) -> ChangedFiles | None:
    """The files that differ; None if no store of this clone has the list of a large directory."""
    known = _file_entries(handle, manifest)
    if manifest.files is None and not known:
        return None
    return ChangedFiles(
        changed=tuple(
            sorted(path for path, at in digests.items() if path in known and known[path].digest != at)
        ),
        added=tuple(sorted(digests.keys() - known.keys())),
        removed=tuple(sorted(known.keys() - digests.keys())),
    )


def _note_unchanged(handle: Handle, place: Path, manifest: Manifest) -> None:
    digest = str(manifest.artifact.digest)
    before = held_at(handle, place)
    if before is None or (before.model, before.digest) != (manifest.model, digest):
        note_held(handle, place, Held.of(manifest.model, manifest.version, digest))


def version_members(handle: Handle, manifest: Manifest) -> Collection[str]:
    """The paths of a version's files: they are part of it even if a pattern leaves them out today."""
    return _file_entries(handle, manifest)


def _file_entries(handle: Handle, manifest: Manifest) -> Mapping[str, FileEntry]:
    recipe = None if manifest.files is not None else find_recipe_anywhere(handle, manifest.artifact.recipe)
    return manifest.file_entries(recipe)


def _exists(place: Path) -> bool:
    return place.exists() or place.is_symlink()
