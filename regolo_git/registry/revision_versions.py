"""The versions in a range, and those in the history of a commit, tagged or not."""

from collections.abc import Iterator

from regolo_git.errors import IntegrityError, NotFound
from regolo_git.git.history import UNSHALLOW, changed_files, commits_not_in, is_in_history, own_commits
from regolo_git.git.prefetch import fetch_new_files
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.paths import MODELS, model_of_manifest
from regolo_git.records.revision_syntax import HEAD, AtRevision, CommitRange, VersionRange
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row, model_rows, versions_of_rows
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.registry.revisions import Revision, revision_at, revisions_of, version_at
from regolo_git.registry.version_status import UNCOMMITTED
from regolo_git.registry.versions.model_version import ModelVersion


def versions_in(handle: Handle, target: AtRevision | VersionRange | CommitRange) -> list[ModelVersion]:
    """The versions of a range, or of a model in the history of a revision.

    The lowest come first, and of commits the oldest; those without a tag come after the others.  Raises
    NotFound.
    """
    if isinstance(target, VersionRange):
        return versions_of_rows(handle, rows_between(handle, target))
    if isinstance(target, CommitRange):
        a, b = revisions_of(handle, target)
        assert b.commit is not None
        commits = own_commits(handle.git, b.commit, a.commit)
        fetch_new_files(handle.git, commits, MODELS)
        return [version for commit in commits for version in _new(handle, commit)]
    return _in_history(handle, target)


def rows_between(handle: Handle, versions: VersionRange) -> list[TagRow]:
    """The tags of the versions after `a`, up to `b`, the lowest first.  Raises NotFound."""
    first, last = (Version.parse(find_row(handle, side).version) for side in (versions.a, versions.b))
    rows = model_rows(handle, versions.a.model)
    return [row for row in rows if first < Version.parse(row.version) <= last]


def _new(handle: Handle, commit: str, model: str | None = None) -> Iterator[ModelVersion]:
    """The versions that a commit brought, compared with its first parent."""
    parent = handle.git.first_parent(commit)
    revision = Revision(commit, commit, handle.records_at(commit))
    for path, oid in changed_files(handle.git, parent, commit, MODELS).items():
        name = model_of_manifest(path)
        if name is None or oid is None or model not in (None, name):
            continue
        try:
            yield version_at(handle, revision, name)
        except IntegrityError as error:
            handle.notice_broken([error])


def _in_history(handle: Handle, target: AtRevision) -> list[ModelVersion]:
    revision = revision_at(handle, target.revision)
    commit = revision.commit or revision_at(handle, HEAD).commit
    assert commit is not None
    tagged = versions_of_rows(handle, _rows_in(handle, commit, target.model))
    known = {(version.version, version.digest) for version in tagged}
    tip = handle.registry_tip()
    commits = own_commits(handle.git, commit, tip)
    fetch_new_files(handle.git, commits, MODELS)
    brought = [v for oid in commits for v in _new(handle, oid, target.model)]
    found = [*tagged, *(v for v in brought if v.tag is None and (v.version, v.digest) not in known)]
    if revision.commit is None:
        edited = version_at(handle, revision, target.model)
        found += [edited] if edited.status == UNCOMMITTED else []
    if not found:
        missing = f"no version of '{target.model}' is in the history of {revision.title}"
        raise NotFound(missing, UNSHALLOW if handle.git.is_shallow else Hint("list"))
    return found


def _rows_in(handle: Handle, commit: str, model: str) -> list[TagRow]:
    """The tags of a model's versions that the history of a commit has."""
    if not handle.index.newest(model, 1):
        return []
    rows, later = model_rows(handle, model), commits_not_in(handle.git, handle.registry_tip(), commit)
    merged = read_merge_state(handle)
    return [
        row
        for row in rows
        if (
            row.commit_oid not in later
            if merged.has(row)
            else is_in_history(handle.git, row.commit_oid, commit)
        )
    ]
