"""After a checkout or a merge: which files of models are missing, or are not of the version checked out.

Git does not track these files.  With `regolo.autoFetch = true` they are checked out, too; a file that
somebody has edited stays.  A hook that runs afterwards cannot stop anything, so nothing here is an error.
"""

from collections.abc import Iterator, Sequence

from regolo_git.errors import NotFound, RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.hook_scripts import AUTO_FETCH
from regolo_git.git.staged import read_settings
from regolo_git.hints import Hint
from regolo_git.hooks.moved_refs import NOTHING
from regolo_git.hooks.remark import Remark
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

BEFORE_MERGE = "ORIG_HEAD"
NAMED = 5


def after_checkout(paths: RepositoryPaths, before: str) -> Iterator[Remark]:
    """What to know about the files of the models whose manifest HEAD has changed since the commit `before`.

    That is any revision; NOTHING, or one that is not here, is a commit without models.
    """
    if paths.work_tree is None:
        return
    handle = Handle(paths, lambda _: None)
    try:
        head = handle.git.head_commit()
        if head is None or handle.records_at(head).config() is None:
            return
        changed = _changed(_records(handle, before), handle.records_at(head))
        yield from _remarks(handle, changed)
    except RegoloError as error:
        yield Remark.not_checked("the files of models", error)
    finally:
        handle.close()


def _records(handle: Handle, revision: str) -> RecordsAt:
    if revision == NOTHING:
        return handle.records_at(None)
    try:
        return handle.records_at(handle.git.resolve(revision))
    except NotFound:
        return handle.records_at(None)


def _changed(before: RecordsAt, after: RecordsAt) -> list[Manifest]:
    """The readable manifests that differ and whose files have a place in the work tree."""
    known = before.manifest_oids()
    found = []
    for model, oid in after.manifest_oids().items():
        if known.get(model) != oid:
            try:
                manifest = after.manifest(model)
            except RegoloError:
                continue  # `fsck` reports it
            if manifest is not None and manifest.artifact.path is not None:
                found.append(manifest)
    return found


def _remarks(handle: Handle, manifests: Sequence[Manifest]) -> Iterator[Remark]:
    from regolo_git.registry.versions.status import artifact_state  # noqa: PLC0415 - imports the Git library

    missing: list[Manifest] = []
    other: list[Manifest] = []
    edited: list[Manifest] = []
    for manifest in manifests:
        state, holds, _ = artifact_state(handle, manifest)
        if state == "missing":
            missing.append(manifest)
        elif state == "modified":
            (other if holds is not None else edited).append(manifest)
    if (missing or other) and _fetches(handle):
        yield from _fetch(handle, [*missing, *other])
    else:
        yield from _said(missing, "are missing")
        yield from _said(other, "are of another version than the one checked out")
    if edited:
        what = f"the files of {_named(edited)} are not those of a version, and stay as they are"
        yield Remark(what, Hint("status"), blocks=False)


def _fetches(handle: Handle) -> bool:
    value = read_settings(handle.paths, "regolo").get(AUTO_FETCH.lower(), "false")
    return value.lower() in ("true", "yes", "on", "1", "")


def _fetch(handle: Handle, manifests: Sequence[Manifest]) -> Iterator[Remark]:
    from regolo_git.registry.sync.files import check_out_all  # noqa: PLC0415 - imports the Git library

    done = check_out_all(handle, manifests)
    done_names = [version_reference(each.model, each.version) for each in done.checked_out]
    if done_names:
        names = few_of(done_names[:NAMED], len(done_names))
        yield Remark(f"checked out the files of {names}", blocks=False)
    for error in done.failed:
        yield Remark.not_checked("files that could not be checked out", error)


def _said(manifests: Sequence[Manifest], what: str) -> Iterator[Remark]:
    if manifests:
        first = manifests[0].reference if len(manifests) == 1 else "MODEL@VERSION"
        yield Remark(f"the files of {_named(manifests)} {what}", Hint("checkout", first), blocks=False)


def _named(manifests: Sequence[Manifest]) -> str:
    return printable(few_of([each.reference for each in manifests[:NAMED]], len(manifests)))
