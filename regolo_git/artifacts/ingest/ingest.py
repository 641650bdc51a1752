"""Taking an artifact into the store: every byte read once, only what is new written.

Look at the source, take from the cache what is known, cut and store the rest, look again, and only then write
the recipe: chunks before the recipe that names them, so a crash leaves chunks that nobody names and never a
recipe that lacks one.
"""

from dataclasses import dataclass
from pathlib import Path

from regolo_git.artifacts.ingest.cutting import CutArtifact, Cutting
from regolo_git.artifacts.ingest.known_artifacts import KnownArtifacts, known_files
from regolo_git.artifacts.lanes import Lanes
from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.source.sources import ArtifactSource, Source, SourceFile, open_source
from regolo_git.artifacts.stat_cache import KnownFile, StatCache
from regolo_git.records.digests import Algorithm, Digest, directory_digest, new_hasher
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store

DIGEST_STEP = 4 << 20


@dataclass(frozen=True, slots=True)
class Ingested:
    """An artifact that is in the store: `new_bytes` were not there before; `unchanged` ones were not read."""

    artifact: Artifact
    files: tuple[RecipeFile, ...]
    tensors: int
    new_bytes: int
    unchanged: bool


def ingest(
    store: Store,
    source: ArtifactSource,
    *,
    algorithm: Algorithm = "sha256",
    cache: StatCache | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Ingested:
    """Stores an artifact and returns once it would outlive a power cut.

    `on_progress` is called from this thread.  Raises NotFound, InvalidInput, TypeError for what cannot be
    stored; Conflict for what changes while it is read; TransportError where the store cannot take it.  On an
    error no recipe is written.
    """
    with open_source(source, scratch=store.scratch_directory()) as opened:
        known = KnownArtifacts(store, opened, algorithm, cache)
        recipe, new_bytes = known.whole(), 0
        unchanged = recipe is not None
        if recipe is None:
            cut = _cut(store, opened, known, algorithm, on_progress)
            opened.check_unchanged()
            recipe, new_bytes = Recipe(opened.kind, cut.files, cut.tensors, cut.chunks), cut.new_bytes
        if not unchanged:
            store.put_recipe(recipe)
    artifact = Artifact.of(recipe)
    if cache:
        cache.trust(artifact)
        if opened.location and not unchanged:
            cache.remember(opened.location, known_files(opened, recipe))
    return Ingested(artifact, recipe.files, len(recipe.tensors), new_bytes, unchanged)


def digest_of(
    path: Path,
    *,
    algorithm: Algorithm,
    cache: StatCache | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Digest:
    """The digest of what lies at a path; a file that has not changed since it was last read is not read.

    Raises as `ingest` does.
    """
    with open_source(path, scratch=None) as source:
        known = cache.known(path.absolute(), algorithm) if cache else {}
        fresh = {}
        progress = Progress(total=source.size)
        for file in source.files:
            before = known.get(file.path)
            if before is not None and before.is_still(file.stamp):
                progress = progress.advanced(file.size, found=file.size)
                on_progress(progress)
            else:
                tell = following(progress, on_progress)
                fresh[file.path] = _digest_file(file, algorithm, source.looked_at_ns, before, tell)
                progress = progress.advanced(file.size)
    if cache and fresh:
        cache.remember(path.absolute(), fresh)
    digests = {file.path: (fresh.get(file.path) or known[file.path]).digest for file in source.files}
    if source.kind == "file":
        return digests[""]
    return directory_digest(algorithm, ((path, digest.hex) for path, digest in digests.items()))


def _cut(
    store: Store,
    source: Source,
    known: KnownArtifacts,
    algorithm: Algorithm,
    on_progress: OnProgress,
) -> CutArtifact:
    with Lanes() as lanes:
        cutting = Cutting(store, lanes, algorithm, source.size, on_progress)
        for file in source.files:
            fragment = known.fragment(file)
            if fragment:
                cutting.reuse(file, fragment)
            else:
                cutting.read(file)
        return cutting.finish()


def _digest_file(
    file: SourceFile, algorithm: Algorithm, looked_at_ns: int, before: KnownFile | None, tell: OnProgress
) -> KnownFile:
    """Reads a file; where it proves to be what it was before, its place in a recipe is remembered on."""
    hasher = new_hasher(algorithm)
    buffer = memoryview(bytearray(min(DIGEST_STEP, max(file.size, 1))))
    progress = Progress(total=file.size)
    with file.opened() as opened:
        while count := opened.readinto(buffer):
            hasher.update(buffer[:count])
            progress = progress.advanced(count)
            tell(progress)
    digest = Digest(algorithm, hasher.hexdigest())
    if file.stamp is None:
        raise file.changed()
    same = before is not None and before.digest == digest
    recipe, member = (before.recipe, before.member) if same and before else (None, "")
    return KnownFile(file.stamp, file.stamp.is_settled(looked_at_ns), digest, recipe, member)
