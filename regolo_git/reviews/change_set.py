"""What a change of the registry changes: records that differ between the commit it began at and its last one.

Only objects are read.  What the base has changed meanwhile is not part of the change, but a model is compared
with its version on the base, because that is what the merge replaces.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regolo_git.errors import RegoloError
from regolo_git.git.history import changed_files, own_commits
from regolo_git.git.prefetch import fetch_files, fetch_new_files, fetch_trees
from regolo_git.git.repository import GitRepository
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import (
    CONFIG_PATH,
    ENDPOINTS,
    ENVIRONMENTS,
    MODELS,
    endpoint_of,
    manifest_path,
    model_of_evaluations,
    model_of_manifest,
    place_of_promotion,
)
from regolo_git.records.places import record_paths
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.reviews.change_range import ChangeRange

POLICY = ".regolo"
COMMITS_READ = 500  # of a change, for the versions that came and went in it


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model whose manifest a change has changed; None is a model that is not there.

    `began` is the version that it had where the change began.  `between` are versions that commits of the
    change had and its last one has not, oldest first.  `error` is of a manifest that cannot be read.
    """

    model: str
    before: Manifest | None
    after: Manifest | None
    began: str | None = None
    between: tuple[str, ...] = ()
    error: RegoloError | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything that a change has changed, by path where it is not a manifest."""

    range: ChangeRange
    before: RecordsAt
    after: RecordsAt
    models: tuple[ModelChange, ...]
    promotions: tuple[str, ...]
    endpoints: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no record has changed."""
        return not (self.models or self.promotions or self.endpoints or self.others)


def collect_changes(handle: Handle, change: ChangeRange) -> ChangeSet:
    """What a change has changed.

    Raises MissingObject if this clone lacks an object of it, NotFound where there is no registry at all.
    """
    before, after = handle.records_at(change.base), handle.records_at(change.head)
    fetch_trees(handle.git, (change.fork, change.base, change.head))
    if before.data(CONFIG_PATH) is None and after.data(CONFIG_PATH) is None:
        handle.registry_branch()  # raises where no other branch has a registry either
    paths = _changed(handle.git, change)
    models = [name for path in paths if (name := model_of_manifest(path)) is not None]
    models += [name for path in paths if (name := model_of_evaluations(path)) and name not in models]
    if change.model is not None:
        models = [name for name in models if name == change.model]
    records = [path for model in models for path in record_paths(model)]
    fetch_files(handle.git, (change.fork, change.base, change.head), [*paths, *records])
    between = _between(handle, change, models)
    start = handle.records_at(change.fork)
    found = [_model(name, (start, before, after), between.get(name, ())) for name in sorted(models)]
    found = [
        each
        for each in found
        if each.before is None or each.before != each.after or _measured(before, after, each)
    ]
    alone = change.model is not None
    return ChangeSet(
        range=change,
        before=before,
        after=after,
        models=tuple(found),
        promotions=() if alone else tuple(filter(None, map(place_of_promotion, paths))),
        endpoints=() if alone else tuple(filter(None, map(endpoint_of, paths))),
        others=() if alone else tuple(path for path in paths if _is_other(path)),
    )


def _is_other(path: str) -> bool:
    return not (model_of_manifest(path) or place_of_promotion(path) or endpoint_of(path))


def _changed(git: GitRepository, change: ChangeRange) -> list[str]:
    """The paths that the change has changed, and that are not on its base already."""
    places = (POLICY, MODELS, ENVIRONMENTS, ENDPOINTS)
    return [
        path
        for place in places
        for path in changed_files(git, change.fork, change.head, place)
        if change.fork == change.base or git.blob_oid(change.base, path) != git.blob_oid(change.head, path)
    ]


def _model(
    model: str, records: tuple[RecordsAt, RecordsAt, RecordsAt], between: Sequence[str]
) -> ModelChange:
    start, old = (_readable(each, model) for each in records[:2])
    began = start.version if start is not None else None
    try:
        new = records[2].manifest(model)
    except RegoloError as error:
        return ModelChange(model, old, None, began, error=error)
    held = {began, *(manifest.version for manifest in (old, new) if manifest is not None)}
    return ModelChange(model, old, new, began, tuple(version for version in between if version not in held))


def _measured(before: RecordsAt, after: RecordsAt, change: ModelChange) -> bool:
    """Whether the change measures the version that is there again; other versions are not looked at."""
    if change.after is None:
        return True
    try:
        old, new = (records.evaluations(change.model).measured(change.after) for records in (before, after))
    except RegoloError:
        return True  # a record that cannot be read is said to be wrong
    return old != new


def _readable(records: RecordsAt, model: str) -> Manifest | None:
    """The manifest on the base; a broken one there is what the change may repair."""
    try:
        return records.manifest(model)
    except RegoloError:
        return None


def _between(handle: Handle, change: ChangeRange, models: Sequence[str]) -> dict[str, list[str]]:
    """The versions that the commits of a change gave to some models, oldest first."""
    commits = own_commits(handle.git, change.head, change.base)
    found: dict[str, list[str]] = {}
    if len(commits) < 2:
        return found
    seen: set[str] = set()
    fetch_new_files(handle.git, commits[-COMMITS_READ:], MODELS)
    for commit in commits[-COMMITS_READ:]:
        parent = handle.git.first_parent(commit)
        touched = set(changed_files(handle.git, parent, commit, MODELS))
        for model in models:
            if manifest_path(model) in touched:
                found.setdefault(model, []).extend(_version(handle, commit, model, seen))
    return found


def _version(handle: Handle, commit: str, model: str, seen: set[str]) -> Iterator[str]:
    oid = handle.git.blob_oid(commit, manifest_path(model))
    if oid is None or oid in seen:
        return
    seen.add(oid)
    manifest = _readable(handle.records_at(commit), model)
    if manifest is not None:
        yield manifest.version
