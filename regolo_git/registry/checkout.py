"""Getting a version back: the bytes of its artifact at the recorded path, or where the caller wants them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from regolo_git.errors import IntegrityError, InvalidInput, NotFound
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_artifact_path, printable
from regolo_git.records.paths import MODELS, manifest_path, model_of_manifest
from regolo_git.records.references import Reference
from regolo_git.records.tables import of_file
from regolo_git.registry.lookup import find_row
from regolo_git.registry.model_version import read_tagged_manifest
from regolo_git.repository.elsewhere import where_else
from regolo_git.repository.materialize import Materialized, materialize
from regolo_git.repository.presence import read_checked_recipe
from regolo_git.repository.repository import Repository

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What now lies at `path`, and of how many bytes had to be written for it."""

    model: str
    version: str
    path: Path
    size: int
    written_bytes: int


def checkout_version(
    repository: Repository,
    reference: Reference,
    destination: Path | None = None,
    *,
    patterns: Sequence[str] = (),
    force: bool = False,
    on_progress: Progress | None = None,
) -> CheckedOut:
    """Brings a version's bytes to its recorded path, or to `destination` (into it, if it is a directory).

    `patterns` limits a directory to matching files.  Files with content that no version has are not
    overwritten unless `force`.  Raises NotFound, Conflict, IntegrityError, InvalidInput.
    """
    manifest = read_tagged_manifest(repository, find_row(repository, reference))
    return checkout_manifest(
        repository, manifest, destination, patterns=patterns, force=force, on_progress=on_progress
    )


def checkout_manifest(
    repository: Repository,
    manifest: Manifest,
    destination: Path | None,
    *,
    patterns: Sequence[str] = (),
    force: bool = False,
    on_progress: Progress | None = None,
) -> CheckedOut:
    """The same for a manifest that is at hand."""
    if patterns and manifest.artifact.kind == "file":
        raise InvalidInput(
            f"'{manifest.model}@{manifest.version}' is one file: --path has nothing to choose from"
        )
    path = place_of(repository, manifest, destination)
    _refuse_inside_git(repository, path)
    if not repository.store.has_recipe(manifest.artifact.recipe):
        raise NotFound(
            f"the bytes of '{manifest.model}@{manifest.version}' are not in this clone's store"
            f" '{repository.store_url}'",
            where_else(repository),
        )
    done: Materialized = materialize(
        repository.store,
        manifest.artifact.recipe,
        manifest.artifact.digest,
        path,
        root=repository.paths.work_tree if destination is None else None,
        cache=repository.cache,
        patterns=patterns,
        previous=_known_files(repository, manifest, path),
        force=force,
        on_progress=on_progress,
    )
    return CheckedOut(manifest.model, manifest.version, path, manifest.artifact.size, done.written_bytes)


def _refuse_inside_git(repository: Repository, path: Path) -> None:
    """Whatever its name: a bare repository, or one that lies in a work tree, has hooks that git runs."""
    resolved = path.resolve()
    for directory in (repository.paths.git_dir, repository.paths.common_dir):
        if resolved.is_relative_to(directory.resolve()):
            raise InvalidInput(
                f"'{printable(str(path))}' lies inside the repository's own directory '{directory}'",
                "choose another destination",
            )


def _known_files(repository: Repository, manifest: Manifest, path: Path) -> dict[str, Digest]:
    """What a version has at a place, as this clone knows it: the store has that, so it may be replaced."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `..` by the text, as the cache's keys need it
    known = repository.cache.known(path, manifest.artifact.digest.algorithm)
    ours = {name: file.digest for name, file in known.items() if file.recipe is not None}
    if not ours:
        return _files_of_head(repository, manifest, path)
    return ours if manifest.artifact.kind == "directory" else {}


def _files_of_head(repository: Repository, manifest: Manifest, path: Path) -> dict[str, Digest]:
    """What the checked-out commit has at a place.

    A repository that was moved, or that is seen from a container under another path, is unknown to the cache.
    """
    top, head = repository.paths.work_tree, repository.git.head_commit()
    oid = repository.git.blob_oid(head, manifest_path(manifest.model)) if head is not None else None
    if top is None or oid is None or not path.exists():
        return {}
    try:
        artifact = parse_manifest(repository, manifest_path(manifest.model), oid).artifact
        if artifact.path is None or top / artifact.path != path or artifact.kind != manifest.artifact.kind:
            return {}
        recipe = read_checked_recipe(repository.store, artifact.recipe, artifact.digest)
    except (NotFound, IntegrityError):
        return {}  # what it had cannot be had again
    return {file.path: file.digest for file in recipe.files}


def place_of(repository: Repository, manifest: Manifest, destination: Path | None) -> Path:
    """Where a manifest's artifact goes."""
    artifact = manifest.artifact
    name = Path(artifact.path).name if artifact.path else manifest.model.rsplit("/", 1)[-1]
    if destination is not None:
        into = destination.is_dir() and artifact.kind == "file"
        return destination / name if into else destination
    top = repository.paths.work_tree
    reference = f"{manifest.model}@{manifest.version}"
    if artifact.path is None or top is None:
        raise InvalidInput(
            f"'{reference}' has no recorded path" if top else f"'{repository.paths.top}' has no work tree",
            f"git regolo checkout {reference} DEST",
        )
    return top / check_artifact_path(artifact.path)


def checkout_head(
    repository: Repository, *, force: bool = False, on_progress: Progress | None = None
) -> list[CheckedOut]:
    """Brings the bytes of every manifest in the commit that is checked out, each to its recorded path."""
    manifests = head_manifests(repository)
    return [
        checkout_manifest(repository, manifest, None, force=force, on_progress=on_progress)
        for manifest in manifests
        if manifest.artifact.path is not None
    ]


def head_manifests(repository: Repository) -> list[Manifest]:
    """The manifests in the commit that is checked out, in the order of the models' names."""
    head = repository.git.head_commit()
    if head is None:
        raise NotFound("there is no commit yet", "git regolo register MODEL PATH")
    return manifests_at(repository, head)


def manifests_at(repository: Repository, commit: str) -> list[Manifest]:
    """The manifests in a commit, in the order of the models' names."""
    return [
        parse_manifest(repository, path, oid)
        for path, oid in repository.git.list_files(commit, MODELS)
        if model_of_manifest(path) is not None
    ]


def parse_manifest(repository: Repository, path: str, oid: str) -> Manifest:
    """A manifest by its blob.  Raises IntegrityError, naming the path where it stands."""
    with of_file(path):
        return Manifest.parse(repository.git.read_blob(oid))
