"""The recipe of a file or directory on disk without storing it, for a comparison with a version."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from regolo_git.artifacts.ingest.cutting import Cutting
from regolo_git.artifacts.ingest.ingest import SMALL
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.source.walk import check_unchanged, look
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.layouts.completeness import Problem, examine
from regolo_git.records.digests import Algorithm
from regolo_git.records.recipe import Recipe
from regolo_git.store.files.contract import Data

HASHING = 4  # chunks hashed at once


class Unstored(NamedTuple):
    """What would be stored of a path, and what its files say themselves about content that is missing."""

    recipe: Recipe
    problems: tuple[Problem, ...]


class _NoChunks:
    """Takes the chunks of an artifact and keeps none."""

    def put_chunk(self, address: str, data: Data) -> bool:  # noqa: ARG002 - the protocol's names
        return False


def read_unstored(
    path: Path,
    *,
    algorithm: Algorithm,
    exclude: Sequence[str] = (),
    members: Callable[[], Collection[str]] = tuple,
    on_progress: OnProgress = ignore_progress,
) -> Unstored:
    """Reads a file or directory as `ingest` does; files are left out as by `digests_of`.

    Raises NotFound for a missing path, InvalidInput for one that cannot be stored, Conflict if it changes
    while it is read.
    """
    source = look(path.absolute(), exclude if path.is_dir() else ())
    if source.left_out:
        source = look(path.absolute(), exclude, kept=members())
    examination = examine(source.files, path.name)
    with ThreadPool(HASHING if source.size > SMALL else 0) as pool:
        cutting = Cutting(_NoChunks(), pool, algorithm, source.size, examination.layouts, on_progress)
        for file in source.files:
            cutting.read(file)
        cut = cutting.finish()
    check_unchanged(source)
    return Unstored(Recipe(source.kind, cut.files, cut.tensors, cut.chunks), tuple(examination.problems))
