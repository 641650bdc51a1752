"""Restoring an artifact from the store, whole and verified, or not at all.

Plan an action for each path (`planner.py`), write the needed files beside the destination (`staging.py`),
verify them, and only then rename them into place (`replacement.py`).  A new directory appears in one rename.
In an existing one each file is replaced by a rename, and all are rolled back if one fails.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.rebuild import Fetch, chunks_of, fetch_nothing, rebuild
from regolo_git.artifacts.restore.alike import IsOneName, is_one_name, refuse_alike
from regolo_git.artifacts.restore.artifact_tree import ArtifactTree, Blocked
from regolo_git.artifacts.restore.checkout_plan import CheckoutPlan
from regolo_git.artifacts.restore.destination import Destination, find_destination, translated_errors
from regolo_git.artifacts.restore.leftovers import noted, remove_left
from regolo_git.artifacts.restore.planner import NOTHING, Overwrite, Planner
from regolo_git.artifacts.restore.replacement import Replacement
from regolo_git.artifacts.restore.staging import Staging, remove_staging, staging_name, stale_stagings
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.thread_pool import ThreadPool
from regolo_git.artifacts.verify import read_checked_recipe
from regolo_git.errors import NotFound
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store

FILES_IN_A_TASK = 16
MICROSECOND = 1000


@dataclass(frozen=True, slots=True)
class Materialized:
    """The result: files and bytes written, files already right, old files removed."""

    path: Path
    written_files: int
    written_bytes: int
    kept_files: int
    removed_files: int


def materialize(
    store: Store,
    artifact: Artifact,
    destination: Path,
    *,
    root: Path | None = None,
    cache: StatCache | None = None,
    notes: Path | None = None,
    patterns: Sequence[str] = (),
    overwrite: Overwrite = NOTHING,
    is_one: IsOneName = is_one_name,
    fetch: Fetch = fetch_nothing,
    on_progress: OnProgress = ignore_progress,
) -> Materialized:
    """Restores an artifact's file or directory at `destination`.

    Every chunk is verified, and so is the digest of the result unless this clone has verified it before.
    `root` is the directory below which no link is followed (a work tree); without it links in the
    destination's parents are followed.  `patterns` limits a directory to matching files.  Files that are
    already right, that do not belong to the version or that `overwrite` does not cover are not touched.
    `notes` is the directory where running checkouts are noted; what killed ones left is removed.
    `is_one` says whether the filesystem takes two names for one: then neither is written.
    `fetch` is called with the chunks of the files to write, before anything is written.

    Raises NotFound, IntegrityError, Conflict, InvalidInput, TransportError, having changed nothing.
    """
    recipe = read_checked_recipe(store, artifact)
    place = find_destination(destination, root, recipe.kind)
    wanted = matching_files(recipe, patterns)
    with translated_errors(place.path), ArtifactTree(place.root) as tree:
        # Before the plan: a second name of a file may be among it, and losing a name changes the file.
        _remove_leftovers(tree, place, notes)
        planner = Planner(store, recipe, tree, place, cache=cache, overwrite=overwrite)
        plan = planner.plan(wanted, remove_others=not patterns)
        fetch(recipe, chunks_of(recipe, set(plan.written())))
        trusted = cache is not None and cache.trusts(artifact)
        if cache:
            files = [recipe.files[number] for number in plan.written()]
            cache.expect(place.path, {file.path: file.digest for file in files}, artifact.recipe)
        work = _Work(store, recipe, place, tree, plan, is_one, notes)
        times = work.run(check_digests=not trusted, on_progress=on_progress)
        if cache:
            cache.remember(place.path, work.known(artifact.recipe, times))
            cache.fulfil(place.path)
            if len(times) == len(recipe.files):
                cache.trust(artifact)
    written = sum(recipe.files[number].size for number in times)
    return Materialized(place.path, len(times), written, len(plan.files) - len(times), plan.removed_files)


def _remove_leftovers(tree: ArtifactTree, place: Destination, notes: Path | None) -> None:
    """Removes what killed checkouts left beside this destination, and wherever there is a note of it."""
    with suppress(Blocked):  # the plan decides about what is in the way
        if tree.directory(place.staging_base) is not None:
            for path in stale_stagings(place.root / place.staging_base):
                remove_staging(path)
    if notes is not None:
        remove_left(notes)


@dataclass(frozen=True, slots=True)
class _Work:
    """A planned checkout."""

    store: Store
    recipe: Recipe
    place: Destination
    tree: ArtifactTree
    plan: CheckoutPlan
    is_one: IsOneName
    notes: Path | None

    def run(self, *, check_digests: bool, on_progress: OnProgress) -> dict[int, int]:
        """Runs it, and returns the modification time of each written file by number."""
        changing = self.plan.changing()
        if not changing and not self.plan.removals:
            return {}
        base = self._staging_base()
        descriptor = self.tree.directory(base, create=True)
        if descriptor is None:
            raise FileNotFoundError(base)
        name = staging_name()
        with noted(self.notes, self.tree.root / base / name), Staging(descriptor, name) as staging:
            files = (self.recipe.files[file.number].path for file in self.plan.files)
            refuse_alike(files, staging.files, self.is_one)
            times = self._write(staging, check_digests=check_digests, on_progress=on_progress)
            with Replacement(self.tree, staging, self.place) as replacement:
                replacement.clear(self.plan.obstacles)
                replacement.put(changing)
                replacement.remove(self.plan.removals)
        return times

    def _staging_base(self) -> str:
        """The directory to stage in: if a file is in place of one of the destination's parents, beside it."""
        above = (o.path for o in self.plan.obstacles if self.place.name.startswith(f"{o.path}/"))
        return next((path.rpartition("/")[0] for path in above), self.place.staging_base)

    def _write(self, staging: Staging, *, check_digests: bool, on_progress: OnProgress) -> dict[int, int]:
        numbers = self.plan.written()
        total = sum(self.recipe.files[file.number].size for file in self.plan.files)
        kept = total - sum(self.recipe.files[number].size for number in numbers)
        with ThreadPool(self.store.connections) as pool:
            rebuild(
                self.store,
                self.recipe,
                set(numbers),
                pool,
                write=staging.write,
                check_digests=check_digests,
                on_progress=following(Progress(kept, total, found=kept), on_progress),
            )
            finished = [pool.submit(self._finish, staging, group) for group in _groups(numbers)]
            times = {number: time for task in finished for number, time in task.result()}
            # Only now: the first fsync commits the journal for all files, and the others find it done.
            for task in [pool.submit(_make_durable, staging, group) for group in _groups(numbers)]:
                task.result()
        return times

    def _finish(self, staging: Staging, numbers: Sequence[int]) -> list[tuple[int, int]]:
        return [(number, staging.finish(number, self.recipe.files[number].mode)) for number in numbers]

    def known(self, address: Digest, times: Mapping[int, int]) -> dict[str, KnownFile]:
        """The cache entries for the files at the destination.

        A written file has a time that this program set, down to the nanosecond, which no later change
        produces by chance; so its stamp is settled at once unless the filesystem rounded the time.  The stamp
        of a kept file is settled if it is old enough.
        """
        found = {}
        for planned in self.plan.files:
            status = self.tree.look(planned.path)
            stamp = FileStamp.of(status) if status else None
            own = times.get(planned.number)
            if stamp is None or (stamp != planned.stamp if own is None else stamp.mtime_ns != own):
                continue  # changed since by another program
            settled = bool(own % MICROSECOND) if own else stamp.is_settled(self.place.looked_at_ns)
            file = self.recipe.files[planned.number]
            found[file.path] = KnownFile(stamp, settled, file.digest, address, file.path)
        return found


def _make_durable(staging: Staging, numbers: Sequence[int]) -> None:
    for number in numbers:
        staging.make_durable(number)


def _groups(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """The numbers in groups: a task for each file would cost more than its work."""
    for start in range(0, len(numbers), FILES_IN_A_TASK):
        yield numbers[start : start + FILES_IN_A_TASK]


def matching_files(recipe: Recipe, patterns: Sequence[str]) -> list[int]:
    """The numbers of the files that match a glob (`*` matches `/`) or are in a named directory."""
    if not patterns:
        return list(range(len(recipe.files)))
    wanted: set[int] = set()
    for pattern in patterns:
        matching = {n for n, file in enumerate(recipe.files) if _matches(file.path, pattern)}
        if not matching:
            raise NotFound(f"no file in the version matches '{pattern}'")
        wanted |= matching
    return sorted(wanted)


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("/") + "/")
