"""A model at any commit or in the work tree, so that a proposal, which has no tag yet, can be shown too.

`records` of a Revision are those of its commit, and `version_at` gives the version of a model there: the
tagged one if it has a tag, else one with the author and the time of the commit that brought its manifest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from regolo_git.errors import IntegrityError, InvalidInput, NotFound
from regolo_git.git.history import changed_files, common_commit, first_parents
from regolo_git.git.identity import utc
from regolo_git.git.prefetch import fetch_trees
from regolo_git.hints import Corrected, Hint
from regolo_git.records.digests import Digest
from regolo_git.records.paths import MODELS, manifest_path, model_of_manifest
from regolo_git.records.revision_syntax import HEAD, WORK_TREE, AtRevision, CommitRange
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_versions
from regolo_git.registry.missing_revision import find_commit, no_common_commit
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.version_status import PROPOSED, UNCOMMITTED
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.version_source import TaggedSource, VersionSource, WrittenSource
from regolo_git.text.commits import short
from regolo_git.text.nearest import nearest
from regolo_git.text.printable import printable

if TYPE_CHECKING:
    from regolo_git.records.evaluations import Evaluations
    from regolo_git.records.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, or the work tree (`commit` is None), and its records; `name` is what the user typed."""

    name: str
    commit: str | None
    records: RecordsAt

    @property
    def title(self) -> str:
        """Its name for people, without control characters."""
        return printable(self.name) if self.commit is not None else "the work tree"


def revision_at(handle: Handle, name: str) -> Revision:
    """The revision of a name, as git has them; the empty one is the work tree.

    Raises NotFound with the fetch that may bring it, InvalidInput in a repository without a work tree.
    """
    if name == WORK_TREE:
        return Revision(name, None, _work_tree_records(handle))
    commit = find_commit(handle.git, name)
    return Revision(name, commit, handle.records_at(commit))


def _work_tree_records(handle: Handle) -> RecordsAt:
    from regolo_git.registry.work_tree_records import WorkTreeRecords  # noqa: PLC0415 - most are commits

    top = handle.paths.work_tree
    if top is None:
        raise InvalidInput(f"'{handle.paths.top}' has no work tree", "name a revision, as in HEAD:MODEL")
    return WorkTreeRecords(handle.git, top)


def revisions_of(handle: Handle, commits: CommitRange) -> tuple[Revision, Revision]:
    """The two ends of a range of commits, which are compared with each other.

    Of `A...B` the first is the newest commit that both have.  Raises NotFound.
    """
    a, b = (revision_at(handle, name) for name in (commits.a, commits.b))
    if not commits.from_common or a.commit is None or b.commit is None:
        return a, b
    common = common_commit(handle.git, a.commit, b.commit)
    if common is None:
        raise no_common_commit(handle.git, commits.a, commits.b)
    return Revision(commits.a, common, handle.records_at(common)), b


def changed_models(handle: Handle, a: Revision, b: Revision) -> list[str]:
    """The models whose manifest differs between two revisions, or that only one of them has, sorted."""
    if a.commit is not None and b.commit is not None:
        fetch_trees(handle.git, (a.commit, b.commit))
        paths: Iterable[str] = changed_files(handle.git, a.commit, b.commit, MODELS)
        return sorted(model for path in paths if (model := model_of_manifest(path)) is not None)
    before, after = a.records.manifest_oids(), b.records.manifest_oids()
    return sorted(m for m in before.keys() | after.keys() if before.get(m) != after.get(m))


def manifest_at(revision: Revision, model: str) -> "Manifest":
    """The manifest of a model at a revision.  Raises NotFound, IntegrityError if it cannot be read."""
    manifest = revision.records.manifest(model)
    if manifest is None:
        raise _no_model(revision, model)
    return manifest


def version_at(handle: Handle, revision: Revision, model: str) -> ModelVersion:
    """The version of a model at a revision.  Raises NotFound, IntegrityError.

    `tag` is None if the manifest there is not that of the version's tag: the status is then "proposed".  In
    the work tree it is "not committed" if the manifest or the files have changed.
    """
    manifest = manifest_at(revision, model)
    if revision.commit is None:
        from regolo_git.registry.versions.work_tree_content import (  # noqa: PLC0415 - it reads files again
            work_tree_content,
        )

        content = work_tree_content(handle, manifest)
        if content.manifest != manifest:
            return _uncommitted(handle, content.manifest, manifest.artifact.path)
    notice_seal(handle, revision, manifest)
    row = handle.index.find(*manifest.key)
    inner: VersionSource
    if row is not None and revision.records.data(manifest_path(model)) == handle.git.read_blob(
        row.manifest_oid
    ):
        found, inner = find_versions(handle, model, [row.version])[0], TaggedSource(handle, row)
    else:
        found, inner = _untagged(handle, revision, manifest), WrittenSource(handle, manifest)
    source = _SourceAt(inner, model, revision.commit)
    return replace(found, labels=_labels(handle, revision, found), _source=source)


@dataclass(frozen=True, slots=True)
class _SourceAt:
    """Of a version at a commit, or in the work tree (None), with the evaluations that are there."""

    inner: VersionSource
    model: str
    commit: str | None

    @property
    def handle(self) -> Handle:
        return self.inner.handle

    def manifest(self) -> "Manifest":
        return self.inner.manifest()

    def evaluations(self) -> "Evaluations":
        at_commit = self.commit is not None
        records = self.handle.records_at(self.commit) if at_commit else _work_tree_records(self.handle)
        return records.evaluations(self.model)

    def signature(self) -> str | None:
        return self.inner.signature()

    def signer(self) -> str | None:
        return self.inner.signer()


def _labels(handle: Handle, revision: Revision, version: ModelVersion) -> dict[str, str]:
    """The labels of a version at a commit; none, with a notice, if they cannot be read."""
    try:
        held = revision.records.labels(version.model_id)
    except IntegrityError as error:
        handle.notice_broken([error])
        return {}
    found = held.of(version.version, Digest.parse(version.digest))
    return {name: label.value for name, label in found.items()}


def version_at_reference(handle: Handle, reference: AtRevision) -> ModelVersion:
    """The version that `REV:MODEL` names.  Raises NotFound, IntegrityError."""
    return version_at(handle, revision_at(handle, reference.revision), reference.model)


def _untagged(handle: Handle, revision: Revision, manifest: "Manifest") -> ModelVersion:
    path = manifest_path(manifest.model)
    if revision.commit is None:
        head = handle.git.head_commit()
        if head is None or handle.git.read_file(head, path) != revision.records.data(path):
            return _uncommitted(handle, manifest, path)
        revision = revision_at(handle, HEAD)
    assert revision.commit is not None
    info = handle.git.commit_info(_commit_that_brought(handle, revision.commit, path))
    return _version(
        handle, manifest, PROPOSED, info.oid, info.author, info.committed_at.timestamp(), info.subject
    )


def _uncommitted(handle: Handle, manifest: "Manifest", path: str | None) -> ModelVersion:
    """A version of the work tree, as of the time when the file or directory at a path was changed."""
    assert handle.paths.work_tree is not None
    changed = (handle.paths.work_tree / (path or manifest_path(manifest.model))).stat().st_mtime
    return _version(handle, manifest, UNCOMMITTED, "", "", changed, "")


def _version(
    handle: Handle, manifest: "Manifest", status: str, commit: str, author: str, created: float, message: str
) -> ModelVersion:
    return ModelVersion(
        model_id=manifest.model,
        version=manifest.version,
        status=status,
        size_bytes=manifest.artifact.size,
        digest=str(manifest.artifact.digest),
        created_at=utc(int(created)),
        created_by=author,
        commit=commit,
        tag=None,
        message=message,
        _source=WrittenSource(handle, manifest),
        merged=False,
    )


def _commit_that_brought(handle: Handle, commit: str, path: str) -> str:
    """The oldest commit, in first-parent order back from one, since which a file is as it is there."""
    held, found = handle.git.blob_oid(commit, path), commit
    for oid in first_parents(handle.git, commit):
        if handle.git.blob_oid(oid, path) != held:
            break
        found = oid
    return found


def notice_seal(handle: Handle, revision: Revision, manifest: "Manifest") -> None:
    """A notice if a manifest at a commit was mixed or edited; in the work tree it may be being edited."""
    from regolo_git.records.seal import seal_problem  # noqa: PLC0415 - `list` reads no manifest

    problem = seal_problem(manifest, required=False)
    if problem is not None and revision.commit is not None:
        handle.notice_once(f"'{manifest.reference}' at {short(revision.commit)}: {problem}")


def _no_model(revision: Revision, model: str) -> NotFound:
    close = nearest(model, revision.records.models())
    named = Hint("show", f"{revision.name}:{close}")
    hint = Corrected(model, close, named) if close else Hint("list")
    return NotFound(f"{_where(revision)} has no model '{model}'", hint)


def _where(revision: Revision) -> str:
    return f"commit '{revision.title}'" if revision.commit is not None else revision.title
