"""Checking a registry: every tag, every manifest, and every byte that a version which is kept needs.

Next to read: `tag_check.py` for what Git holds, `artifact_check.py` for what the store holds.  Changes
nothing, except that a damaged chunk is moved aside by the store that reads it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from regolo_git.errors import IntegrityError, RegoloError
from regolo_git.git.tag_index import TagRow
from regolo_git.maintenance.fsck.artifact_check import ArtifactChecker
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.maintenance.fsck.record_check import check_records
from regolo_git.maintenance.fsck.tag_check import check_foreign_tags, read_checked_manifest
from regolo_git.records.versions import Version
from regolo_git.registry.elsewhere import where_else
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows
from regolo_git.registry.status import RETIRED, read_promotions, read_statuses
from regolo_git.registry.users import read_endpoints

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What was looked at and what is wrong; `chunks` are counted once however many versions share them."""

    problems: tuple[Problem, ...]
    versions: int
    retired: int
    chunks: int
    full: bool


def versions_to_check(handle: Handle, model: str | None = None) -> list[TagRow]:
    """The tags of all versions, or of one model's.  Raises NotFound for a model that is not there."""
    return model_rows(handle, model) if model is not None else handle.index.all_rows()


def check_registry(
    handle: Handle, *, model: str | None = None, full: bool = False, on_progress: Progress
) -> FsckReport:
    """Checks every version, or those of one model; `full` reads every byte.

    Missing bytes of retired versions are as they should be.  Raises NotFound where there is no registry.
    """
    retired_names = _retired(handle)
    rows = versions_to_check(handle, model)
    checker = ArtifactChecker(handle.store, where_else(handle), full, on_progress)
    problems = [*check_foreign_tags(handle), *check_records(handle)]
    retired = 0
    for row in rows:
        manifest, found = read_checked_manifest(handle, row)
        problems += found
        if (row.model, row.identity) in retired_names:
            retired += 1
        elif manifest is not None:
            problems += checker.check(manifest)
    problems += _check_users(handle)
    return FsckReport(tuple(problems), len(rows), retired, len(checker.chunks), full)


def _retired(handle: Handle) -> set[tuple[str, str]]:
    try:
        by_model = read_statuses(handle).by_model
    except IntegrityError:
        return set()  # a file on the branch is broken: `check_records` or `_check_users` names it
    return {
        (m, identity) for m, of in by_model.items() for identity, status in of.items() if status == RETIRED
    }


def _check_users(handle: Handle) -> Iterator[Problem]:
    """Environments and endpoints on the registry branch that name what is not there."""
    tip = handle.registry_tip()
    if tip is None:
        return
    try:
        promotions, endpoints = read_promotions(handle, tip), read_endpoints(handle, tip)
    except RegoloError as error:
        yield Problem("the registry branch", error.message, error.hint)
        return
    pinned = [(f"environment {p.environment}", p.model, p.version, p.digest) for p in promotions]
    pinned += [
        (f"endpoint {endpoint.endpoint}", endpoint.model, version, held.digest)
        for endpoint in endpoints
        for version, held in endpoint.versions.items()
    ]
    for subject, model, version, digest in pinned:
        row = handle.index.find(model, Version.parse(version).identity)
        if row is None:
            yield Problem(subject, f"has '{model}@{version}', which has no tag here", "git fetch --tags")
        elif row.digest != digest:
            yield Problem(subject, f"pins '{model}@{version}' with other bytes than its tag says", None)
