"""Checks a registry: every tag, every manifest, and every byte of the versions that are not retired.

Next to read: `tag_check.py` for the data in Git, `artifact_check.py` for the data in the store.  A check
changes nothing, except that the local store moves a damaged chunk aside when it reads it, and that what the
shared store has lost is noted for the next push of this clone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.errors import NotFound
from regolo_git.git.many_files import File
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint, NextStep
from regolo_git.maintenance.fsck.artifact_check import ArtifactChecker
from regolo_git.maintenance.fsck.pages import pages_of, read_ahead
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.maintenance.fsck.record_check import check_records
from regolo_git.maintenance.fsck.tag_check import (
    check_branch,
    check_branch_seals,
    check_evaluations,
    check_labels,
    check_names,
    check_removed_manifests,
    check_signature_notes,
    check_untagged,
    read_checked_manifest,
    seal_problems,
)
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import model_rows
from regolo_git.registry.merge_state import released_tips
from regolo_git.registry.other_store import former_store_hint, other_store_hint
from regolo_git.registry.reachable import Need, Unreadable, retired_identities, tip_needs
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.sync.sent_note import SentNote
from regolo_git.registry.versions.known_tags import may_lack_tags
from regolo_git.registry.versions.untagged import UntaggedChange, untagged_at_any
from regolo_git.store.store import has_whole
from regolo_git.text.commits import short

SEND_AGAIN = "run `git regolo fsck --shared --full` and `git regolo push` in a clone that has the bytes"
PAGE = 1000  # versions whose manifests are in memory at once


@dataclass(frozen=True, slots=True)
class FsckReport:
    """The problems, what is only worth knowing, and the numbers of versions, retired ones, and chunks.

    `store` is the one that was checked.
    """

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    versions: int
    retired: int
    chunks: int
    full: bool
    store: str


def check_registry(
    handle: Handle,
    *,
    model: str | None = None,
    full: bool = False,
    shared: bool = False,
    jobs: int | None = None,
    on_progress: OnProgress = ignore_progress,
) -> FsckReport:
    """Checks every version, or those of one model; `full` reads every byte, so many chunks at a time.

    The bytes are those of the local store, and with `shared` those of the registry's shared store.

    Also checked are versions without a tag that were merged, and those that local branches, work trees,
    environments and endpoints name.
    Missing bytes of retired versions are not a problem.  Raises NotFound if there is no registry, no such
    model or no shared store, and what opening the shared store raises.
    """
    records = handle.shown_records()
    retired_names = retired_identities(records)
    rows = model_rows(handle, model) if model is not None else None
    merged = [change for change in _merged_without_tag(handle) if model in (None, change.model)]
    needs = _untagged(handle, merged, retired_names)
    untagged = [need for need in needs if model in (None, need.manifest.model)]
    checker = _checker(handle, shared=shared, full=full, threads=jobs)
    problems = [*check_names(handle), *check_records(records)]
    problems += check_branch(handle, records)
    problems += check_removed_manifests(handle, records)
    problems += check_untagged(handle, merged)
    problems += check_branch_seals(handle, records)
    problems += check_evaluations(handle, records)
    problems += check_labels(handle, records)
    problems += check_signature_notes(handle)
    size = handle.index.size_of_all() if rows is None else sum(row.size for row in rows)
    progress = Progress(total=size + sum(need.manifest.artifact.size for need in untagged))
    tagged = _Tagged(handle, checker, retired_names, progress, on_progress, shared=shared)
    for page, files in read_ahead(handle, handle.index.pages(PAGE) if rows is None else pages_of(rows, PAGE)):
        tagged.check(page, files)
    problems += tagged.in_order()
    if shared and tagged.lost:
        _have_sent_again(handle, tagged.lost)
    progress = tagged.progress
    for need in untagged:
        manifest, lost = need.manifest, Hint("commit", need.manifest.model, "PATH")
        subject = f"{manifest.reference} of {need.reason}"
        problems += checker.check(manifest, subject, lost, following(progress, on_progress))
        progress = progress.advanced(manifest.artifact.size)
        on_progress(progress)
    problems += _check_users(handle, records, retired_names)
    notes = tuple(problem for problem in problems if problem.note)
    wrong = tuple(problem for problem in problems if not problem.note)
    also = {need.manifest.key for need in untagged} & {change.key for change in merged}
    counts = (tagged.versions + len(also), tagged.retired, len(checker.chunks))
    return FsckReport(wrong, notes, *counts, full, checker.store.url)


def _checker(handle: Handle, *, shared: bool, full: bool, threads: int | None) -> ArtifactChecker:
    if not shared:
        others = handle.shared_stores.links(handle.clone_store.is_at, lambda: None)
        names = handle.store.url, *(link.url for link in others)
        return ArtifactChecker(handle.store, handle.stores, names, other_store_hint(handle), full, threads)
    store = handle.shared
    if store is None:
        raise NotFound("the registry names no shared store", Hint("config", "store.url", "URL"))
    return ArtifactChecker(store, store, (store.url,), SEND_AGAIN, full, threads)


def _have_sent_again(handle: Handle, lost: set[Digest]) -> None:
    """Has the next push of this clone send what it has of artifacts that the shared store has not whole."""
    address = handle.shared_stores.address()
    assert address is not None, "it was checked"
    SentNote(handle.local_directory, address).doubt(lost)


class _Tagged:
    """Checks tagged versions page by page; their problems are reported in the order of the versions."""

    def __init__(
        self,
        handle: Handle,
        checker: ArtifactChecker,
        retired_names: set[tuple[str, str]],
        progress: Progress,
        on_progress: OnProgress,
        *,
        shared: bool,
    ) -> None:
        self._shared = shared
        self.versions = self.retired = 0
        self.progress = progress
        self._handle, self._checker, self._on_progress = handle, checker, on_progress
        self._retired_names = retired_names
        self._problems: dict[str, list[Problem]] = {}
        self._sealed: set[tuple[str, str]] = set()
        self._unsealed: list[tuple[TagRow, tuple[str, ...]]] = []
        self._elsewhere = former_store_hint(handle)
        self.lost: set[Digest] = set()

    def check(self, page: Sequence[TagRow], files: Sequence[File | None]) -> None:
        """Checks some versions, given the manifests in their commits."""
        read = [self._read(row, file) for row, file in zip(page, files, strict=True)]
        self._checker.look_up(manifest for manifest, _ in read if manifest is not None)
        for row, (manifest, problems) in zip(page, read, strict=True):
            found = [*problems, *(self._bytes_of(manifest) if manifest is not None else ())]
            if found:
                self._problems[row.tag] = found
            self.versions += 1
            self.progress = self.progress.advanced(row.size)
            self._on_progress(self.progress)

    def _bytes_of(self, manifest: Manifest) -> Iterator[Problem]:
        on_progress = following(self.progress, self._on_progress)
        retire = Hint("retire", manifest.reference, "-m", "its bytes are lost")
        lost: NextStep = self._elsewhere or retire
        if not self._shared:
            yield from self._checker.check(manifest, manifest.reference, lost, on_progress)
            return
        for problem in self._checker.check(manifest, manifest.reference, SEND_AGAIN, on_progress):
            if problem.hint == SEND_AGAIN:
                self.lost.add(manifest.artifact.recipe)
                here = has_whole(self._handle.store, manifest.artifact.recipe)
                yield replace(problem, hint=Hint("push") if here else SEND_AGAIN)
            else:
                yield problem

    def _read(self, row: TagRow, file: File | None) -> tuple[Manifest | None, list[Problem]]:
        """The manifest whose bytes are to be checked, and the problems with its tag."""
        is_retired = (row.model, row.identity) in self._retired_names
        self.retired += is_retired
        manifest, found = read_checked_manifest(self._handle, row, file, retired=is_retired)
        if manifest is not None and manifest.seal is not None:
            self._sealed.add((row.model, row.version))
            found = [*found, *seal_problems(row, manifest)]
        elif manifest is not None and manifest.parents:
            self._unsealed.append((row, manifest.parents))
        return None if is_retired else manifest, found

    def in_order(self) -> Iterator[Problem]:
        """All problems, by model and from the lowest version to the highest."""
        for row, parents in self._unsealed:
            if any((row.model, parent) in self._sealed for parent in parents):
                hint = Hint("commit", row.model, "--from", row.version)
                what = "is not sealed, and the version before it is"
                self._problems.setdefault(row.tag, []).append(Problem(f"tag {row.tag}", what, hint))
        if self._problems:
            for tag in self._handle.index.tags():
                yield from self._problems.get(tag, ())


def _merged_without_tag(handle: Handle) -> list[UntaggedChange]:
    """The merged versions without a tag; none where that says nothing, as in a clone that may lack tags."""
    return [] if may_lack_tags(handle) else untagged_at_any(handle, released_tips(handle))


def _untagged(
    handle: Handle, merged: Iterable[UntaggedChange], retired: set[tuple[str, str]]
) -> Iterator[Need]:
    """The versions without a tag that this clone needs, or that were merged; others name unreadable ones."""
    tips = (need for need in tip_needs(handle) if not isinstance(need, Unreadable) and not need.remote)
    needs = [(need.manifest.key, need) for need in (*tips, *_needs_of(handle, merged))]
    rows = handle.index.find_all(key for key, _ in needs)
    seen: set[tuple[tuple[str, str], Digest]] = set()
    for key, need in needs:
        digest, row = need.manifest.artifact.digest, rows.get(key)
        tagged = row is not None and row.digest == digest
        if not tagged and key not in retired and (key, digest) not in seen:
            seen.add((key, digest))
            yield need


def _needs_of(handle: Handle, changes: Iterable[UntaggedChange]) -> Iterator[Need]:
    for change in changes:
        manifest = Manifest.parse(handle.git.read_blob(change.manifest_oid))
        yield Need(manifest, f"commit {short(change.commit)}")


def _check_users(
    handle: Handle, records: RecordsAt, retired_names: set[tuple[str, str]]
) -> Iterator[Problem]:
    """Environments and endpoints that name a retired version, or one without a tag or with another digest."""
    promotions, endpoints = records.promotions().records, records.endpoints().records
    pinned = [(f"environment {p.environment}", p.model, p.version, p.digest) for p in promotions]
    pinned += [
        (f"endpoint {endpoint.endpoint}", endpoint.model, version, held.digest)
        for endpoint in endpoints
        for version, held in endpoint.versions.items()
    ]
    keys = [(model, Version.parse(version).identity) for _, model, version, _ in pinned]
    rows = handle.index.find_all(keys)
    for key, (subject, model, version, digest) in zip(keys, pinned, strict=True):
        reference = version_reference(model, version)
        row = rows.get(key)
        if key in retired_names:
            # Two clones may retire and promote it at once, with an operations branch.
            yield Problem(subject, f"uses '{reference}', which is retired", Hint("list", model))
        elif row is None:
            what = f"names '{reference}', which has no tag in this clone"
            yield Problem(subject, what, "git fetch --tags", note=may_lack_tags(handle))
        elif row.digest != digest:
            yield Problem(subject, f"pins '{reference}' with a different digest than its tag")
