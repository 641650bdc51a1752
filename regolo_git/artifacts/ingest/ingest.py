"""Storing an artifact: every byte is read once, and only new chunks are written.

Inspect the source, reuse files that the cache knows, cut and store the rest, inspect the source again, and
only then write the recipe.  Chunks come before the recipe that names them, so a crash may leave unreferenced
chunks but never a recipe without its chunks.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from regolo_git.artifacts.ingest.cutting import CutArtifact, Cutting
from regolo_git.artifacts.ingest.known_artifacts import KnownArtifacts, known_files
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.source.snapshot import Snapshot
from regolo_git.artifacts.source.sources import ArtifactSource, open_source
from regolo_git.artifacts.source.twins import alike_names
from regolo_git.artifacts.source.walk import check_unchanged
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.errors import InvalidInput
from regolo_git.hints import NextStep
from regolo_git.layouts.completeness import Examination, Problem, examine
from regolo_git.records.digests import Algorithm
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store
from regolo_git.text.numbers import few_of

SHOWN = 3
SMALL = 256 << 10  # bytes that take less time than starting threads


class Ingested(NamedTuple):
    """An artifact in the store; `new_bytes` were not there before, `unchanged` if nothing was read.

    `left_out` are the paths in the directory that are not part of it, `problems` what it says itself about
    content that is missing, `alike` the names that not every file system can tell apart.
    """

    artifact: Artifact
    files: tuple[RecipeFile, ...]
    tensors: int
    new_bytes: int
    unchanged: bool
    left_out: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()


def ingest(
    store: Store,
    source: ArtifactSource,
    *,
    algorithm: Algorithm = "sha256",
    exclude: Sequence[str] = (),
    strict: NextStep | None = None,
    cache: StatCache | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Ingested:
    """Stores an artifact and returns once it is durable.

    The patterns `exclude` leave out files of a directory, as `.gitignore` would.  With `strict`, the hint
    of the error, an artifact that says itself that it is incomplete is refused before anything is stored.
    `on_progress` is called from this thread.  Raises NotFound, InvalidInput, TypeError for a source that
    cannot be stored; Conflict if it changes while it is read; TransportError if the store cannot be written.
    On an error no recipe is written.
    """
    with open_source(source, scratch=store.scratch_directory(), exclude=exclude) as opened:
        examination = examine(opened.files, _name(opened))
        if strict is not None:
            refuse_incomplete(examination.problems, strict)
        known = KnownArtifacts(store, opened, algorithm, cache)
        recipe, new_bytes = known.whole(), 0
        unchanged = recipe is not None
        if recipe is None:
            cut = _cut(store, opened, known, examination, algorithm, on_progress)
            check_unchanged(opened)
            recipe, new_bytes = Recipe(opened.kind, cut.files, cut.tensors, cut.chunks), cut.new_bytes
        if not unchanged:
            store.put_recipe(recipe)
    artifact = replace(Artifact.of(recipe), exclude=opened.exclude)
    if cache:
        cache.trust(artifact)
        if opened.location and not unchanged:
            cache.remember(opened.location, known_files(opened, recipe))
    return Ingested(
        artifact,
        recipe.files,
        len(recipe.tensors),
        new_bytes,
        unchanged,
        opened.left_out,
        tuple(examination.problems),
        tuple(alike_names(file.path for file in opened.files)),
    )


def _name(snapshot: Snapshot) -> str:
    """The name of a single file; empty for data in memory."""
    return snapshot.location.name if snapshot.location is not None else ""


def refuse_incomplete(problems: Sequence[Problem], hint: NextStep) -> None:
    """Raises InvalidInput if there are problems."""
    shown = [str(problem) for problem in problems[:SHOWN]]
    if shown:
        raise InvalidInput(f"the artifact is not complete: {few_of(shown, len(problems))}", hint)


def _cut(
    store: Store,
    snapshot: Snapshot,
    known: KnownArtifacts,
    examination: Examination,
    algorithm: Algorithm,
    on_progress: OnProgress,
) -> CutArtifact:
    with ThreadPool(store.connections if snapshot.size > SMALL else 0) as pool:
        cutting = Cutting(store, pool, algorithm, snapshot.size, examination.layouts, on_progress)
        for file in snapshot.files:
            fragment = known.fragment(file)
            if fragment:
                cutting.reuse(file, fragment)
            else:
                cutting.read(file)
        return cutting.finish()
