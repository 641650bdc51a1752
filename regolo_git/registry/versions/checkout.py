"""Checking out versions: an artifact's files at its recorded path or at another destination."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.rebuild import Deliver
from regolo_git.artifacts.restore.alike import refuse_alike
from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.materialize import Materialized, materialize
from regolo_git.artifacts.restore.planner import Overwrite
from regolo_git.artifacts.restore.staging import Staging
from regolo_git.artifacts.restore.stream import stream_file
from regolo_git.artifacts.restore.version_content import digest_of_file
from regolo_git.artifacts.source.twins import folded
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.temporaries import exclude_temporaries
from regolo_git.hints import Hint
from regolo_git.records.digests import ALGORITHMS, Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_artifact_path, checked_path
from regolo_git.records.references import Reference
from regolo_git.registry.fetching import fetch_recipe, fetching
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.missing_revision import no_commit_yet
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.held import Held, held_at, note_held
from regolo_git.registry.versions.other_files import other_files
from regolo_git.registry.versions.refused_places import refuse_inside_git, refuse_reserved
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text import logs
from regolo_git.text.json_values import Plain
from regolo_git.text.sizes import size_text

DIRECTORY_ENDS = ("/", "/.", "/..")


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """A version that was checked out to `path`, with the number of bytes written.

    `other_files` are those in the directory that are not of the version, and were left as they are.
    """

    model: str
    version: str
    path: Path
    size: int
    written_bytes: int
    other_files: tuple[str, ...] = ()

    def to_dict(self) -> Plain:
        """The place and what was written, as plain values."""
        return {
            "model": self.model,
            "version": self.version,
            "path": str(self.path),
            "size": self.size,
            "written_bytes": self.written_bytes,
            "other_files": list(self.other_files),
        }


def checkout_version(
    handle: Handle,
    reference: Reference,
    destination: str | os.PathLike[str] | None = None,
    *,
    patterns: Sequence[str] = (),
    force: bool = False,
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> CheckedOut:
    """Checks out a version to its recorded path, or to `destination`.

    A file goes into a directory that is there, or that is created because `destination` ends in a slash.

    `patterns` limits a directory to matching files.  Files whose content matches no version are not
    overwritten unless `force`.  What the local store lacks is fetched into it first; `on_fetch` counts that.
    Raises NotFound, Conflict, IntegrityError, InvalidInput, TransportError.
    """
    manifest = read_tagged_manifest(handle, find_row(handle, reference))
    return checkout_manifest(
        handle,
        manifest,
        destination,
        patterns=patterns,
        force=force,
        on_fetch=on_fetch,
        on_progress=on_progress,
    )


def checkout_manifest(
    handle: Handle,
    manifest: Manifest,
    destination: str | os.PathLike[str] | None,
    *,
    patterns: Sequence[str] = (),
    force: bool = False,
    before: Manifest | None = None,
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> CheckedOut:
    """Like `checkout_version`, for a manifest that was already read.

    `before` is the version whose files are known to be at the path; without it, those of HEAD may be.
    """
    check_patterns(manifest, patterns)
    path = place_of(handle, manifest, destination)
    refuse_inside_git(handle, path)
    fetch_recipe(handle, manifest)
    refuse_reserved(handle, manifest, path)
    exclude_temporaries(handle.paths)
    done: Materialized = materialize(
        handle.stores,
        manifest.artifact,
        path,
        root=handle.paths.work_tree if destination is None else None,
        cache=handle.cache,
        notes=handle.checkout_notes,
        patterns=patterns,
        overwrite=Overwrite(
            _known_files(handle, manifest, path, before),
            _version_above(handle, manifest.model, path) if destination is None else (),
            anything=force,
            anything_above=force and destination is None,
        ),
        fetch=fetching(handle, on_fetch),
        on_progress=on_progress,
    )
    if not patterns or held_at(handle, path) is None:
        note_held(handle, path, Held.of(manifest.model, manifest.version, manifest.artifact.digest))
    logs.info("checked out %s to '%s': wrote %s", manifest.reference, path, size_text(done.written_bytes))
    others = other_files(handle, manifest, path) if not patterns else ()
    size = manifest.artifact.size
    return CheckedOut(manifest.model, manifest.version, path, size, done.written_bytes, others)


def stream_version(
    handle: Handle,
    reference: Reference,
    deliver: Deliver,
    *,
    patterns: Sequence[str] = (),
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> tuple[Manifest, int]:
    """Passes the bytes of a version's file, or of the one that `patterns` select, to `deliver`, in order.

    Returns the manifest and the number of bytes.  Every chunk is verified before it is passed on.  Raises
    NotFound, IntegrityError, InvalidInput for more than one file.
    """
    manifest = read_tagged_manifest(handle, find_row(handle, reference))
    check_patterns(manifest, patterns)
    fetch_recipe(handle, manifest)
    size = stream_file(
        handle.stores,
        manifest.artifact,
        deliver,
        patterns=patterns,
        fetch=fetching(handle, on_fetch),
        on_progress=on_progress,
    )
    return manifest, size


def check_patterns(manifest: Manifest, patterns: Sequence[str]) -> None:
    """Raises InvalidInput for patterns and a version that is a single file."""
    if patterns and manifest.artifact.kind == "file":
        raise InvalidInput(
            f"'{manifest.reference}' is a single file, and --path selects files of a directory"
        )


def _known_files(
    handle: Handle, manifest: Manifest, path: Path, before: Manifest | None
) -> dict[str, Digest]:
    """The files that a version has put at a path: the store has their content, so they may be removed.

    Those of artifacts that are somewhere below the path, such as other models' files, are not among them.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `..` by the text, as the cache's keys need it
    known = handle.cache.known(path, manifest.artifact.digest.algorithm)
    stored = {
        name: file.digest for name, file in known.items() if file.recipe is not None and file.member == name
    }
    if not stored:
        return _recorded_files(handle, manifest, path, before)
    if manifest.artifact.kind == "file":
        stored.pop("", None)  # the file itself: the planner knows whether the store has its content
    return stored


def _version_above(handle: Handle, model: str, path: Path) -> list[Digest]:
    """The digests, for a path that needs a directory in place of a file, of versions of the model there.

    Empty if no file is in its way.
    """
    above = next((parent for parent in path.parents if os.path.lexists(parent)), None)
    if above is None or not stat.S_ISREG(above.lstat().st_mode):
        return []
    member = any(_holds(handle, model, place) for place in (above, *above.parents))
    found = []
    for algorithm in ALGORITHMS:
        known = handle.cache.known(Path(os.path.abspath(above)), algorithm).get("") if member else None  # noqa: PTH100
        if known is not None and known.recipe is not None and handle.store.has_recipe(known.recipe):
            found.append(known.digest)
        with above.open("rb", buffering=0) as file:
            digest = digest_of_file(file, algorithm)
        rows = handle.index.with_digest(model, str(digest))
        artifacts = [read_tagged_manifest(handle, row).artifact for row in rows[:1]]
        found += [each.digest for each in artifacts if handle.store.has_recipe(each.recipe)]
    return found


def _holds(handle: Handle, model: str, place: Path) -> bool:
    held = held_at(handle, place)
    return held is not None and held.model == model


def _recorded_files(
    handle: Handle, manifest: Manifest, path: Path, before: Manifest | None
) -> dict[str, Digest]:
    """The files that `before`, else the manifest at HEAD, records at a path.

    The cache does not know a repository that was moved or that a container mounts under another path.
    """
    top, head = handle.paths.work_tree, handle.git.head_commit()
    if top is None or not path.exists():
        return {}
    try:
        held = before or handle.records_at(head).manifest(manifest.model)
        artifact = held.artifact if held is not None else None
        if artifact is None or artifact.path is None or top / artifact.path != path:
            return {}
        recipe = read_checked_recipe(handle.stores, artifact)
    except RegoloError:
        return {}  # no store can restore them
    return {file.path: file.digest for file in recipe.files}


def place_of(handle: Handle, manifest: Manifest, destination: str | os.PathLike[str] | None) -> Path:
    """The path at which a manifest's artifact is checked out."""
    artifact = manifest.artifact
    if destination is not None:
        place = checked_path(destination)
        named = os.fspath(destination).endswith(DIRECTORY_ENDS)
        return place / manifest.file_name if artifact.kind == "file" and (named or place.is_dir()) else place
    top = handle.paths.work_tree
    if artifact.path is None or top is None:
        raise InvalidInput(
            f"'{manifest.reference}' has no recorded path"
            if top
            else f"'{handle.paths.top}' has no work tree",
            Hint("checkout", manifest.reference, artifact.name or "DEST"),
        )
    return top / check_artifact_path(artifact.path)


def checkout_head(
    handle: Handle,
    *,
    force: bool = False,
    on_fetch: OnProgress = ignore_progress,
    on_progress: OnProgress = ignore_progress,
) -> list[CheckedOut]:
    """Checks out every model at HEAD that has a recorded path.

    Raises NotFound before the first commit, Conflict if the filesystem takes the paths of two models for one,
    and IntegrityError for an unreadable manifest after everything else is checked out.
    """
    if handle.git.head_commit() is None:
        raise no_commit_yet()
    manifests = head_records(handle).manifests()
    wanted = [manifest for manifest in manifests.records if manifest.artifact.path is not None]
    if handle.paths.work_tree is not None:
        _refuse_alike_places(handle.paths.work_tree, [manifest.artifact.path or "" for manifest in wanted])
    progress, done = Progress(total=sum(manifest.artifact.size for manifest in wanted)), []
    for manifest in wanted:
        tell = following(progress, on_progress)
        done.append(
            checkout_manifest(handle, manifest, None, force=force, on_fetch=on_fetch, on_progress=tell)
        )
        progress = progress.advanced(manifest.artifact.size)
    for error in manifests.broken.values():
        raise error
    return done


def _refuse_alike_places(top: Path, places: list[str]) -> None:
    by_name: dict[str, set[str]] = {}
    for place in places:
        by_name.setdefault(folded(place), set()).add(place)
    alike = [place for names in by_name.values() if len(names) > 1 for place in sorted(names)]
    if alike:
        with ArtifactTree(top) as tree:
            root = tree.directory("")
            assert root is not None
            with Staging(root) as staging:
                refuse_alike(alike, staging.files, hint=Hint("checkout", "MODEL", "DEST"))


def head_records(handle: Handle) -> RecordsAt:
    """The records at HEAD."""
    return handle.records_at(handle.git.head_commit())
