"""The digest of a file or directory; files that the cache knows are not read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.source.snapshot import Snapshot, SourceFile
from regolo_git.artifacts.source.walk import look
from regolo_git.records.digests import Algorithm, Digest, artifact_digest, new_hasher

if TYPE_CHECKING:  # serving's workers compute digests without a cache, and do not import sqlite for it
    from regolo_git.artifacts.stat_cache import StatCache

STEP = 4 << 20


def digest_of(path: Path, *, algorithm: Algorithm, cache: "StatCache | None" = None) -> Digest:
    """The digest of a file or directory; see `digests_of`."""
    return artifact_digest(algorithm, digests_of(path, algorithm=algorithm, cache=cache))


def digests_of(
    path: Path,
    *,
    algorithm: Algorithm,
    exclude: Sequence[str] = (),
    members: Callable[[], Collection[str]] = tuple,
    cache: "StatCache | None" = None,
    on_progress: OnProgress = ignore_progress,
) -> dict[str, Digest]:
    """The digest of each file of a directory, or of a file under the path "".

    A file unchanged since it was last read is not read again.  Files that patterns leave out of a directory
    do not count, but for the `members` of a version, which is called only if something is left out.

    Raises NotFound, InvalidInput for a path that cannot be stored, Conflict if it changes while it is read.
    """
    snapshot = look(path.absolute(), exclude if path.is_dir() else ())
    if snapshot.left_out:
        snapshot = look(path.absolute(), exclude, kept=members())
    known = cache.known(path.absolute(), algorithm) if cache else {}
    fresh = _read_fresh(snapshot, algorithm, known, on_progress)
    if cache and fresh:
        cache.remember(path.absolute(), fresh)
    return {file.path: (fresh.get(file.path) or known[file.path]).digest for file in snapshot.files}


def _read_fresh(
    snapshot: Snapshot, algorithm: Algorithm, known: Mapping[str, KnownFile], on_progress: OnProgress
) -> dict[str, KnownFile]:
    """Reads each file that may have changed since it was last read."""
    fresh = {}
    progress = Progress(total=snapshot.size)
    for file in snapshot.files:
        before = known.get(file.path)
        if before is not None and before.is_still(file.stamp):
            progress = progress.advanced(file.size, found=file.size)
            on_progress(progress)
        else:
            tell = following(progress, on_progress)
            fresh[file.path] = _read_file(file, algorithm, snapshot.looked_at_ns, before, tell)
            progress = progress.advanced(file.size)
    return fresh


def _read_file(
    file: SourceFile,
    algorithm: Algorithm,
    looked_at_ns: int,
    before: KnownFile | None,
    on_progress: OnProgress,
) -> KnownFile:
    """Reads a file; if its content is unchanged, its place in a recipe is kept."""
    hasher = new_hasher(algorithm)
    buffer = memoryview(bytearray(min(STEP, max(file.size, 1))))
    progress = Progress(total=file.size)
    with file.opened() as opened:
        while count := opened.readinto(buffer):
            hasher.update(buffer[:count])
            progress = progress.advanced(count)
            on_progress(progress)
    digest = Digest(algorithm, hasher.hexdigest())
    if file.stamp is None:
        raise file.changed()
    same = before is not None and before.digest == digest
    recipe, member = (before.recipe, before.member) if same and before else (None, "")
    return KnownFile(file.stamp, file.stamp.is_settled(looked_at_ns), digest, recipe, member)
