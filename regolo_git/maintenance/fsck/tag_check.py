"""Checks that a version's tag, trailers, commit and manifest agree.

The commit's manifest is authoritative; the tag's name and trailers, which lists are built from, are compared
with it.
"""

import shlex
from collections.abc import Iterable, Iterator

from regolo_git.errors import RegoloError, TransportError
from regolo_git.git.history import is_in_history
from regolo_git.git.many_files import File
from regolo_git.git.tag_findings import bad_tags, doubled_tags
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.maintenance.fsck.problem import Problem
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import evaluations_path, labels_path, manifest_path
from regolo_git.records.references import version_reference
from regolo_git.records.seal import seal_problem
from regolo_git.records.versions import Version, parse_tag_name, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.signature_notes import ignored_lines
from regolo_git.registry.versions.manifest_alone import removed_alone, way_back
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.registry.versions.tagged_manifest import unreadable_hint
from regolo_git.registry.versions.untagged import NOT_TAGGED, UntaggedChange, untagged_changes
from regolo_git.text.commits import short


def check_names(handle: Handle) -> Iterator[Problem]:
    """Tags that are named like a version of a model and are not one; `note` if they are of other tools.

    Two tags that are one version are a problem as well.
    """
    untagged = {change.key for change in untagged_changes(handle, handle.registry_tip())}
    for bad in bad_tags(handle.index):
        model, version = parse_tag_name(bad.tag) or ("", "")
        if (model, Version.parse(version).identity) in untagged:
            # A version of the registry branch was to have this name.
            yield Problem(f"tag {bad.tag}", bad.what, f"{_renamed(bad.tag)} && git regolo tag --merged")
        elif bad.foreign and _holds_manifest(handle, bad.tag, model):
            what = f"{bad.what}: it is of another tool or created by hand, and new versions step over it"
            yield Problem(f"tag {bad.tag}", what, note=True)
        elif _holds_manifest(handle, bad.tag, model):
            yield Problem(f"tag {bad.tag}", bad.what, f"{_renamed(bad.tag)} && git regolo tag --merged")
    for kept, other in doubled_tags(handle.index):
        yield Problem(f"tag {other}", f"is the same version as tag '{kept}'", _renamed(other))


def _renamed(tag: str) -> str:
    """The commands that keep a tag under another name, where it is not taken for a version."""
    kept, old = shlex.quote(f"other/{tag.replace('@', '-')}"), shlex.quote(tag)
    return f"git tag {kept} {old} && git tag -d {old}"


def _holds_manifest(handle: Handle, tag: str, model: str) -> bool:
    try:
        commit = handle.git.resolve(f"refs/tags/{tag}^{{commit}}")
        return handle.git.blob_oid(commit, manifest_path(model)) is not None
    except TransportError:
        raise  # of a partial clone that cannot reach its remote
    except RegoloError:
        return False


def check_branch(handle: Handle, records: RecordsAt) -> Iterator[Problem]:
    """Manifests on the registry branch with another digest than the tag of the same version."""
    manifests = records.manifests().records
    rows = handle.index.find_all(manifest.key for manifest in manifests)
    for manifest in manifests:
        row = rows.get(manifest.key)
        if row is None or row.digest == manifest.artifact.digest:
            continue
        # A tag whose trailers contradict its own manifest is found by `read_checked_manifest`.
        if handle.git.blob_oid(records.registry, manifest_path(manifest.model)) != row.manifest_oid:
            yield Problem(
                f"'{manifest_path(manifest.model)}'",
                f"records {manifest.artifact.digest} for '{manifest.reference}',"
                f" but tag '{row.tag}' records {row.digest}",
                Hint("commit", manifest.model, "PATH"),
            )


def check_removed_manifests(handle: Handle, records: RecordsAt) -> Iterator[Problem]:
    """Models with versions on the registry branch whose manifest alone is not there any more."""
    others = records.cards(), records.retired_lists(), records.all_evaluations(), records.all_labels()
    named = {name for listing in others for name in listing.by_name}
    for model in sorted(named.difference(records.models())):
        merged = [row for row in handle.index.rows(model) if _is_merged(handle, row, records)]
        what = removed_alone(records, model)
        if merged and what is not None:
            path = manifest_path(model)
            yield Problem(f"'{path}'", what.removeprefix(f"'{path}' "), way_back(merged[-1].tag, model))


def check_untagged(handle: Handle, changes: Iterable[UntaggedChange]) -> Iterator[Problem]:
    """Notes on merged versions without a tag: it may still be created, or was deleted."""
    taken = {bad.tag for bad in bad_tags(handle.index)}  # `check_names` says what to do
    for model, version in {change.key: (change.model, change.version) for change in changes}.values():
        if tag_name(model, version) in taken:
            continue
        yield Problem(version_reference(model, version), NOT_TAGGED, Hint("tag", "--merged"), note=True)


def _is_merged(handle: Handle, row: TagRow, records: RecordsAt) -> bool:
    return records.registry is not None and is_in_history(handle.git, row.commit_oid, records.registry)


def check_evaluations(handle: Handle, records: RecordsAt) -> Iterator[Problem]:
    """Notes on what was measured of other bytes than those that the version has, and does not count."""
    for model, evaluations in records.all_evaluations().by_name.items():
        for entry in evaluations.entries:
            row = handle.index.find(model, Version.parse(entry.version).identity)
            if row is not None and row.digest != entry.digest:
                what = (
                    f"an evaluation of {entry.version} is of {entry.digest}, not of its bytes, and is ignored"
                )
                yield Problem(f"'{evaluations_path(model)}'", what, note=True)


def check_labels(handle: Handle, records: RecordsAt) -> Iterator[Problem]:
    """Notes on labels of other bytes than those that the version has, which do not count."""
    for model, labels in records.all_labels().by_name.items():
        for entry in labels.entries:
            row = handle.index.find(model, entry.key.identity)
            if row is not None and row.digest != entry.digest:
                named = f"label '{entry.name}' of {entry.version}"
                what = f"{named} is of {entry.digest}, not of its bytes, and is ignored"
                yield Problem(f"'{labels_path(model)}'", what, note=True)


def check_signature_notes(handle: Handle) -> Iterator[Problem]:
    """Notes on lines among the signatures that count for nothing."""
    for found in ignored_lines(handle):
        yield Problem(found.subject, found.what, found.hint, note=True)


def read_checked_manifest(
    handle: Handle, row: TagRow, file: File | None, *, retired: bool
) -> tuple[Manifest | None, list[Problem]]:
    """The manifest of a version, or None if it cannot be read, and the disagreements of its tag with it.

    `file` is the manifest in its commit; None if that has to be read.
    """
    subject = f"tag {row.tag}"
    again = f"git fetch origin tag {shlex.quote(row.tag)}"
    held: str | None = None
    try:
        held = file[0] if file else handle.git.blob_oid(row.commit_oid, manifest_path(row.model))
        if held is None:
            return None, [
                Problem(subject, f"commit {short(row.commit_oid)} has no manifest of '{row.model}'", again)
            ]
        manifest = Manifest.parse(file[1] if file else handle.git.read_blob(held))
    except TransportError:
        raise  # of a partial clone that cannot reach its remote
    except RegoloError as error:
        if held != row.manifest_oid:
            return None, [Problem(subject, error.message, error.hint or again)]
        # It was stored so, and every clone has the same bytes: a retired version may stay like that.
        unreadable = Problem(subject, error.message, error.hint or unreadable_hint(row))
        return None, [] if retired else [unreadable]
    return manifest, [Problem(subject, what, again) for what in _disagreements(row, held, manifest)]


def _disagreements(row: TagRow, held: str, manifest: Manifest) -> Iterator[str]:
    """What a tag says that its manifest, with the blob id `held`, does not."""
    artifact = manifest.artifact
    if held != row.manifest_oid:
        yield f"names manifest {short(row.manifest_oid)}, but its commit has {short(held)}"
    if tag_name(manifest.model, manifest.version) != row.tag:
        yield f"its manifest is of '{manifest.reference}'"
    if artifact.digest != row.digest:
        yield f"records {row.digest}, but its manifest {artifact.digest}"
    if artifact.size != row.size:
        yield f"records {row.size} bytes, but its manifest {artifact.size}"


def seal_problems(row: TagRow, manifest: Manifest) -> Iterator[Problem]:
    """What is wrong with the seal of a tagged version, whose tag never moves."""
    problem = seal_problem(manifest, required=False)
    if problem is not None:
        yield Problem(f"tag {row.tag}", problem, Hint("commit", row.model, "--from", row.version))


def check_branch_seals(handle: Handle, records: RecordsAt) -> Iterator[Problem]:
    """Manifests on the registry branch whose seal is wrong or missing; a tagged version may have none."""
    oids = records.manifest_oids()
    for manifest in records.manifests().records:
        row = handle.index.find(*manifest.key)
        if row is None or row.manifest_oid != oids[manifest.model]:
            problem = branch_seal_problem(handle, manifest, oids[manifest.model])
            if problem is not None:
                path = f"'{manifest_path(manifest.model)}'"
                again = Hint("commit", manifest.model, "PATH")  # what is tagged cannot be sealed again
                hint = Hint("seal", manifest.model) if row is None else again
                yield Problem(path, f"{manifest.reference}: {problem}", hint)
