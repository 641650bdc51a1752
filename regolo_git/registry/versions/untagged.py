"""The manifest changes on the registry branch whose versions have no tag in this clone.

Either they were merged and are still to be tagged, or this clone lacks their tags.  The branch is walked in
first-parent order, because squash and rebase merges change commit ids and only commits on the branch count.
How far it was walked is kept in a small file, so that the next walk is of the new commits alone.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.git.history import changed_files, first_parents
from regolo_git.git.prefetch import fetch_trees
from regolo_git.git.small_files import keep_json
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, model_of_manifest
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.system_calls import read_ordinary

NOT_TAGGED = "is merged but not tagged"
SHORT = 64  # commits that are all read; of more, only those without a tag
WALKS_KEPT = 16  # of the registry branch and its lines, here and at `origin`


class UntaggedChange(NamedTuple):
    """A commit that gave a model a manifest of a version without a tag."""

    model: str
    version: str
    manifest_oid: str
    commit: str

    @property
    def key(self) -> tuple[str, str]:
        """The model, and the identity of the version (`1.1.0`)."""
        return self.model, Version.parse(self.version).identity


@dataclass(frozen=True, slots=True)
class _Walks:
    """The changes found from some commits; void once a tag has disappeared (see `TagIndex.losses`)."""

    losses: str
    found: Mapping[str, list[UntaggedChange]] = field(default_factory=dict)


def untagged_changes(handle: Handle, tip: str) -> list[UntaggedChange]:
    """The untagged manifest changes in the history of `tip`, oldest first.

    A `revert` to a tagged version is not a new version.  Of several changes with the same manifest of the
    same version only the oldest is kept.  In a shallow clone, every manifest at the boundary is a change.
    """
    losses, shallow = handle.index.losses(), handle.git.is_shallow
    walks = _Walks(losses) if shallow else _load(_file(handle), losses)
    new, known = _commits_until(handle, tip, walks.found)
    changes: dict[tuple[str, str, str], UntaggedChange] = {}
    for change in (*walks.found.get(known or "", ()), *_changes(handle, tip, new[::-1])):
        changes.setdefault((*change.key, change.manifest_oid), change)
    tagged = handle.index.find_all(change.key for change in changes.values())
    found = [change for change in changes.values() if change.key not in tagged]
    if new and not shallow:
        others = list(walks.found.items())[: WALKS_KEPT - 1]
        _save(_file(handle), _Walks(losses, {tip: found, **dict(others)}))
    return found


def untagged_at_any(handle: Handle, tips: Iterable[str]) -> list[UntaggedChange]:
    """The untagged manifest changes in the histories of several branches, each once."""
    found: dict[tuple[str, str, str], UntaggedChange] = {}
    for tip in tips:
        for change in untagged_changes(handle, tip):
            found.setdefault((*change.key, change.manifest_oid), change)
    return list(found.values())


def _commits_until(handle: Handle, tip: str, known: Container[str]) -> tuple[list[str], str | None]:
    """The commits of a branch that were not walked yet, newest first, and the known one below them."""
    new: list[str] = []
    with closing(first_parents(handle.git, tip)) as commits:
        for oid in commits:
            if oid in known:
                return new, oid
            new.append(oid)
    return new, None


def _changes(handle: Handle, tip: str, commits: list[str]) -> list[UntaggedChange]:
    """The changes of successive commits, oldest first; some of them may have a tag."""
    fetch_trees(handle.git, commits)
    if len(commits) <= SHORT:
        return [change for commit in commits for change in _changes_of(handle, commit)]
    # Reading the trees of every commit of a large registry takes minutes, so those with a tag are skipped.
    # One of them may also have an untagged version of another model.
    tagged = handle.index.tagged_commits()
    found = [c for commit in commits if commit not in tagged for c in _changes_of(handle, commit)]
    if _untagged_at(handle, tip) <= {change.key for change in found}:
        return found
    return [change for commit in commits for change in _changes_of(handle, commit)]


def _changes_of(handle: Handle, commit: str) -> Iterator[UntaggedChange]:
    for manifest, oid in changed_manifests(handle, commit):
        yield UntaggedChange(manifest.model, manifest.version, oid, commit)


def changed_manifests(handle: Handle, commit: str) -> Iterator[tuple[Manifest, str]]:
    """The manifests that a commit brought to the path of their model, with their Git objects.

    One that is broken or at another model's path is not a version; at the tip it is reported separately.
    """
    parent = handle.git.first_parent(commit)
    for path, oid in changed_files(handle.git, parent, commit, MODELS).items():
        model = model_of_manifest(path)
        if model is None or oid is None:
            continue
        try:
            manifest = handle.records_at(commit).manifest(model)
        except IntegrityError:
            continue
        if manifest is not None and manifest.model == model:
            yield manifest, oid


def _untagged_at(handle: Handle, commit: str) -> set[tuple[str, str]]:
    held = handle.records_at(commit).manifests().by_name
    keys = {manifest.key for model, manifest in held.items() if manifest.model == model}
    return keys - handle.index.find_all(keys).keys()


# -- the file ---------------------------------------------------------------------------------------------


def _file(handle: Handle) -> Path:
    return handle.local_directory / "untagged.json"


def _load(path: Path, losses: str) -> _Walks:
    try:
        reader = JsonReader.parse(read_ordinary(path), "the cache of untagged versions")
        if reader.get("losses", str) != losses:
            return _Walks(losses)
        return _Walks(
            losses, {str(tip): list(_read(reader.object("found"), tip)) for tip in reader.object("found")}
        )
    except (OSError, InvalidInput):
        return _Walks(losses)  # only a cache: the branch is walked instead


def _read(reader: JsonReader, tip: str | int) -> Iterator[UntaggedChange]:
    for row in reader.rows(tip, 4):
        yield UntaggedChange(*(row.get(column, str) for column in range(4)))


def _save(path: Path, walks: _Walks) -> None:
    found = {tip: [list(change) for change in changes] for tip, changes in walks.found.items()}
    keep_json(path, {"losses": walks.losses, "found": found})
