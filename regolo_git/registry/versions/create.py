"""Creating a version: ingest the artifact, then publish manifest, commit and tag in one step.

    check the request → ingest → (report same content) → prepare on the branch's tip → publish

`prepare` runs again on the new tip when another writer committed first, so an automatic number is always the
next one.  If a step fails, its bytes are taken back from the store, or stay there without a name.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.artifacts.ingest.ingest import Ingested, ingest, refuse_incomplete
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.artifacts.verify import require_artifact
from regolo_git.errors import RegoloError
from regolo_git.git.journal import read_journal
from regolo_git.git.publish import Published
from regolo_git.git.repository import blob_id
from regolo_git.layouts.completeness import examine
from regolo_git.layouts.layout import may_describe_itself
from regolo_git.records.branches import proposal_branch
from regolo_git.records.manifest import Artifact, Manifest
from regolo_git.records.paths import card_path
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.change import commit_records, propose_records, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.recipe_index import IndexedManifest
from regolo_git.registry.version_status import PROPOSED, READY
from regolo_git.registry.versions.artifact_place import artifact_place, ensure_ignored
from regolo_git.registry.versions.carried import Described
from regolo_git.registry.versions.checked_request import CheckedRequest, branch_tip, check_request, on_branch
from regolo_git.registry.versions.draft import Draft, Drafted
from regolo_git.registry.versions.held import Held, note_held
from regolo_git.registry.versions.known_content import OnSameContent, find_known_content
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.proposed import proposed_manifests, proposed_numbers
from regolo_git.registry.versions.repeat import is_repeated
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.registry.versions.target_branch import refuse_taken_names
from regolo_git.registry.versions.version_source import CreatedSource, WrittenSource
from regolo_git.store.new_content import NewContent
from regolo_git.store.store import Store
from regolo_git.text import logs
from regolo_git.text.sizes import size_text

if TYPE_CHECKING:
    from regolo_git.store.shared import SharedStore


class CreatedVersion(NamedTuple):
    """A version that was just created.  `branch` is its branch; `notices` are for the user.

    `described` says what came from its parent, `skips_newest` whether that is not the newest version.
    """

    version: ModelVersion
    new_bytes: int
    branch: str
    notices: tuple[str, ...]
    described: Described
    skips_newest: bool


def create_version(
    handle: Handle,
    request: VersionRequest,
    *,
    on_same_content: OnSameContent,
    on_progress: OnProgress = ignore_progress,
) -> CreatedVersion:
    """Creates a version, or nothing.

    `on_same_content` is called if an earlier version has the same bytes, before anything is written to Git;
    it may raise to cancel.  Raises InvalidInput, NotFound, VersionExists, Conflict, PolicyRefused,
    TransportError.
    """
    created: list[CreatedVersion] = []
    create_versions(
        handle, [request], on_same_content=on_same_content, on_created=created.append, on_progress=on_progress
    )
    return created[0]


def create_versions(
    handle: Handle,
    requests: Iterable[VersionRequest],
    *,
    on_same_content: OnSameContent,
    on_created: Callable[[CreatedVersion], None],
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Creates a version of each of several models, in commits of their own, and reports each.

    All of them are checked and stored before the first one is committed, so that what is wrong with one
    leaves nothing of any; only what goes wrong later, such as a full disk, leaves those that were reported.
    Raises as `create_version` does.
    """
    recover_first(handle)
    checked = [check_request(handle, request) for request in requests]
    shared = _store_to_write_through(handle)
    with handle.new_content() as content:
        drafts = [
            _stored(handle, content, each, on_same_content=on_same_content, on_progress=on_progress)
            for each in checked
        ]
        for number, draft in enumerate(drafts):
            on_created(_publish_draft(handle, content, draft, shared, first=number == 0))


def _stored(
    handle: Handle,
    content: NewContent,
    checked: CheckedRequest,
    *,
    on_same_content: OnSameContent,
    on_progress: OnProgress,
) -> Draft:
    """Stores the artifact of a request, and asks about known content."""
    request, target, interrupted = checked.request, checked.target, checked.interrupted
    place, ingested = _ingest(handle, content, request, on_progress)
    draft = Draft(
        handle,
        request,
        target,
        checked.version,
        checked.given,
        checked.serving,
        checked.held,
        place,
        ingested,
        None,
        checked.untagged,
        checked.waiting,
        interrupted,
    )
    if interrupted is None or not is_repeated(handle, target, interrupted, draft.prepare):
        if interrupted is not None:
            # It would have refused the interrupted run's own version.
            checked.check(handle)
        draft = _as_new(draft, on_same_content)
    return draft


def _as_new(draft: Draft, on_same_content: OnSameContent) -> Draft:
    """The draft of a version that no interrupted run created, after the question about known content."""
    handle, request = draft.handle, draft.request
    digest, from_version = str(draft.ingested.artifact.digest), isinstance(request.source, ModelVersion)
    known = find_known_content(handle, request.model, digest, draft.version, on_purpose=from_version)
    if known is not None:
        on_same_content(known)
    return replace(draft, repeats=None)


def _publish_draft(
    handle: Handle, content: NewContent, draft: Draft, shared: "SharedStore | None", *, first: bool
) -> CreatedVersion:
    """Commits a version.  The commit before may have changed the ignore file, which is read only now."""
    if draft.repeats is None:
        draft = replace(draft, ignored=ensure_ignored(handle, draft.place, draft.target.name))
    newest = {row.version for row in handle.index.highest(draft.request.model)}
    with _told_to_others(handle, shared, content, draft):
        published = _publish_content(handle, content, draft, first=first)
    _note_held(handle, draft, published.made.manifest)
    _note_recipe(handle, published.made.manifest)
    created, about = _created(handle, draft, published), published.made.described
    new, size = size_text(draft.ingested.new_bytes), size_text(created.size_bytes)
    logs.info("created %s: stored %s of %s", created.reference, new, size)
    skips_newest = bool(newest) and not newest.intersection(created.parents)
    notices = (*draft.notices(), *draft.left_behind(published.made), *_broken(handle, draft, created))
    return CreatedVersion(created, draft.ingested.new_bytes, published.branch, notices, about, skips_newest)


def _broken(handle: Handle, draft: Draft, created: ModelVersion) -> Iterator[str]:
    if draft.ingested.tensors or any(map(may_describe_itself, created.manifest.file_entries(None))):
        from regolo_git.registry.versions.breaking_change import note_of_breaking_change  # noqa: PLC0415 - see there

        note = note_of_breaking_change(handle, created)
        if note is not None:
            yield note


def _note_recipe(handle: Handle, manifest: Manifest) -> None:
    """Keeps the index of recipes up to date, so that `retire` need not read the manifest again."""
    oid = blob_id(manifest.to_text().encode())
    handle.recipe_index.note(IndexedManifest.of(oid, manifest))


def _note_held(handle: Handle, draft: Draft, manifest: Manifest) -> None:
    """Notes that the files now are the new version's; a proposal may never become one."""
    source = draft.request.source
    if isinstance(source, str | Path) and not draft.target.new_branch:
        held = Held.of(manifest.model, manifest.version, manifest.artifact.digest)
        note_held(handle, Path(source), held)


def _ingest(
    handle: Handle, content: NewContent, request: VersionRequest, on_progress: OnProgress
) -> tuple[str | None, Ingested]:
    """The artifact's path in the work tree, and the stored artifact."""
    source, strict = request.source, _strict_hint(handle, request)
    if isinstance(source, ModelVersion):
        from regolo_git.registry.versions.seals import refuse_broken_seal  # noqa: PLC0415 - seldom

        refuse_broken_seal(source)
        return source.manifest.artifact.path, _already_stored(handle.stores, source.manifest, strict)
    place = artifact_place(handle, source)
    return place, ingest(
        content,
        source,
        algorithm=handle.config().digest,
        exclude=request.exclude,
        strict=strict,
        cache=handle.cache,
        on_progress=on_progress,
    )


def _strict_hint(handle: Handle, request: VersionRequest) -> str | None:
    """The way out of a refusal of an incomplete artifact; None if it is only warned of."""
    if request.strict:
        return "get the missing content, or store it as it is without --strict (strict=True in Python)"
    card = handle.records().card(request.model)
    if card is not None and card.strict:
        return f"get the missing content; 'strict' in '{card_path(request.model)}' refuses it as it is"
    return None


def _already_stored(store: Store, manifest: Manifest, strict: str | None) -> Ingested:
    artifact = manifest.artifact
    recipe = require_artifact(store, artifact)
    if strict is not None:
        files = [StoredFile(store, recipe, number) for number in range(len(recipe.files))]
        refuse_incomplete(examine(files, manifest.file_name).problems, strict)
    return Ingested(
        replace(Artifact.of(recipe), exclude=artifact.exclude),
        recipe.files,
        tensors=len(recipe.tensors),
        new_bytes=0,
        unchanged=True,
    )


def _publish_content(handle: Handle, content: NewContent, draft: Draft, *, first: bool) -> Published[Drafted]:
    """Publishes the version; the content is taken back only if certainly no version names any of it."""
    handle.clone_store.remember()
    content.count_on_it()
    content.keep(True)  # whatever comes: it may be published, or be published by the next command
    try:
        return _publish(handle, draft)
    except RegoloError:
        content.keep(not first or _may_be_published(handle, draft))
        raise


def _store_to_write_through(handle: Handle) -> "SharedStore | None":
    """The shared store that gets the bytes before the version gets its name; None if a push sends them."""
    if handle.config().store_write != "through":
        return None
    from regolo_git.registry.versions.write_through import store_to_write_through  # noqa: PLC0415 - seldom

    return store_to_write_through(handle)


@contextmanager
def _told_to_others(
    handle: Handle, shared: "SharedStore | None", content: NewContent, draft: Draft
) -> Iterator[None]:
    """Has every store that others clean know what the version in the block names."""
    recipe = draft.ingested.artifact.recipe
    others = handle.clone_store.may_have_others
    if shared is None and not others:
        yield
        return
    from regolo_git.registry.versions.write_through import (  # noqa: PLC0415 - seldom
        written_directly,
        written_through,
    )

    with ExitStack() as told:
        if others:
            told.enter_context(written_directly(handle, content, recipe))
        if shared is not None:
            # The version on the branch mostly shares chunks with the new one.
            before = on_branch(handle, draft.request.model, draft.target)
            vouching = [before.artifact.recipe] if before is not None else []
            told.enter_context(written_through(handle, shared, content, recipe, vouching))
        yield


def _may_be_published(handle: Handle, draft: Draft) -> bool:
    """Whether a version may have this content, such as one that was published just before the error."""
    model, digest = draft.request.model, draft.ingested.artifact.digest
    if read_journal(handle.paths) is not None or handle.index.with_digest(model, str(digest)):
        return True
    if draft.target.new_branch:
        return any(manifest.artifact.digest == digest for _, manifest in proposed_manifests(handle, model))
    manifest = on_branch(handle, model, draft.target)
    return manifest is not None and manifest.artifact.digest == digest


def _publish(handle: Handle, draft: Draft) -> Published[Drafted]:
    request, target = draft.request, draft.target
    # Unless it is imported, a version has the time of its commit, not of its ingest.
    given = request.author is not None or request.when is not None
    authorship = handle.git.authorship(request.author, request.when) if given else None
    if not target.new_branch:
        return commit_records(handle, draft.prepare, branch=target.name, authorship=authorship)
    if draft.version is None:  # others may have proposed since it was checked
        draft = replace(draft, waiting=tuple(proposed_numbers(handle, request.model)))
    first = draft.prepare(handle.records_at(branch_tip(handle, target))).made.manifest
    if draft.repeats is None:
        refuse_taken_names(handle, target, first.model, first.version)
    name = proposal_branch(first.model, first.version, first.artifact.digest)
    # The number is in the branch's name, so it must not change on a retry.
    prepare = replace(draft, version=Version.parse(first.version)).prepare
    return propose_records(handle, name, prepare, start=target.name, authorship=authorship)


def _created(handle: Handle, draft: Draft, published: Published[Drafted]) -> ModelVersion:
    manifest = published.made.manifest
    info = handle.git.commit_info(published.commit)
    return ModelVersion(
        model_id=manifest.model,
        version=manifest.version,
        status=READY if draft.target.tagged else PROPOSED,
        size_bytes=manifest.artifact.size,
        digest=str(manifest.artifact.digest),
        created_at=info.committed_at,
        created_by=info.committer,
        commit=published.commit,
        tag=tag_name(manifest.model, manifest.version) if draft.target.tagged else None,
        message=draft.request.message or "",
        _source=(CreatedSource if draft.target.tagged else WrittenSource)(handle, manifest),
        merged=draft.target.tagged,
    )
