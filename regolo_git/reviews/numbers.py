"""Whether a reviewed version can be merged and tagged as what it says it is: its number, seal and parents."""

from collections.abc import Iterator
from dataclasses import dataclass

from regolo_git.errors import MissingDependency
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.branches import PROPOSALS
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import SIGNERS_PATH, manifest_path
from regolo_git.records.versions import Bump, Version
from regolo_git.registry.gates import signed_finding
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.change_set import ChangeSet, ModelChange
from regolo_git.reviews.findings import WRONG, Finding
from regolo_git.text.numbers import few_of
from regolo_git.verdict.gate_facts import Finding as GateFinding

NAMED = 3
OTHER_BYTES = "other bytes"


@dataclass(frozen=True, slots=True)
class VersionTag:
    """The tag of a version, and what the signers of the base say of it."""

    name: str
    signed: GateFinding


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """What is wrong with a version as such, what deserves a remark, and its tag if it has one already."""

    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    tag: VersionTag | None = None


def check_number(handle: Handle, changes: ChangeSet, change: ModelChange) -> NumberCheck:
    """Checks the version that a change gives a model."""
    after = change.after
    if after is None:
        return NumberCheck((), ())
    if after.model != change.model:
        what = f"'{manifest_path(change.model)}' is the manifest of another model"
        return NumberCheck((Finding(what, WRONG),), ())
    row = handle.index.find(*after.key)
    oid = handle.git.blob_oid(changes.range.head, manifest_path(change.model)) or ""
    same = row is not None and row.manifest_oid == oid
    findings = list(_seal(handle, after, oid, row))
    if not same and not findings:  # with a wrong seal the number may be another version's, too
        findings += _taken(handle, changes.range, change, after, row)
    remarks = tuple(_remarks(handle, changes, change, after, again=same))
    return NumberCheck(tuple(findings), remarks, _tag(handle, changes.before, row) if same else None)


def _tag(handle: Handle, base: RecordsAt, row: TagRow | None) -> VersionTag | None:
    if row is None:
        return None
    try:
        found = signed_finding(handle, row.tag, row.commit_oid, base.data(SIGNERS_PATH))
    except MissingDependency as error:
        found = GateFinding("not judged", f"was not verified: {error.message}")
    return VersionTag(row.tag, found)


# -- what is wrong ----------------------------------------------------------------------------------------


def _seal(handle: Handle, after: Manifest, oid: str, row: TagRow | None) -> Iterator[Finding]:
    problem = branch_seal_problem(handle, after, oid)
    if problem is not None:
        # What has a tag cannot be sealed with other content.
        step = Hint("seal", after.model) if row is None else propose_again(after)
        yield Finding(f"{after.reference}: {problem}", WRONG, step)


def _taken(
    handle: Handle, commits: ChangeRange, change: ModelChange, after: Manifest, row: TagRow | None
) -> Iterator[Finding]:
    again, overtaken = propose_again(after), _make_again(handle, commits, after)
    before = change.before
    if row is not None:
        held = Manifest.parse(handle.git.read_blob(row.manifest_oid))
        what = _contradiction(held, after)
        if what is not None:
            hint = overtaken if what == OTHER_BYTES else again
            yield Finding(f"{after.reference} is taken: tag '{row.tag}' records {what}", WRONG, hint)
    elif before is not None and before.key == after.key:
        what = _contradiction(before, after)
        if what is not None:
            hint = overtaken if what == OTHER_BYTES else again
            yield Finding(f"{after.reference} is taken: the base has it with {what}", WRONG, hint)
    elif before is not None and _is_mixed(before, after):
        what = f"{after.reference} has the bytes of {before.version} with other metrics"
        yield Finding(f"{what}: two versions were mixed in a merge, or it was edited", WRONG, again)


def propose_again(manifest: Manifest, *options: str) -> Hint:
    """The command that proposes the files of a version under another number, by default the next free one."""
    return Hint("commit", manifest.model, manifest.artifact.path or "PATH", "--propose", *options)


def _make_again(handle: Handle, commits: ChangeRange, after: Manifest) -> Hint:
    """The command that moves a proposal to the newest commit, under the next free number."""
    branch = commits.head_name.removeprefix("refs/heads/").removeprefix("origin/")
    known = handle.git.newest_known(branch) is not None and not branch.startswith(PROPOSALS)
    return Hint("commit", after.model, "--propose", "--again", *(["--from", branch] if known else []))


def _contradiction(held: Manifest, after: Manifest) -> str | None:
    """What two manifests of one number say differently; None if only what people may edit."""
    if held.artifact.digest != after.artifact.digest:
        return OTHER_BYTES
    if held.measurements != after.measurements:
        return "other metrics"
    return "another origin" if (held.lineage, held.parents) != (after.lineage, after.parents) else None


def _is_mixed(before: Manifest, after: Manifest) -> bool:
    """Whether a manifest without a seal has the bytes of the version before it and other metrics."""
    same_bytes = before.artifact.digest == after.artifact.digest
    return after.seal is None and same_bytes and before.measurements != after.measurements


# -- what deserves a remark -------------------------------------------------------------------------------


def _remarks(
    handle: Handle, changes: ChangeSet, change: ModelChange, after: Manifest, *, again: bool
) -> Iterator[str]:
    before = change.before
    if again and before is not None and Version.parse(after.version) < Version.parse(before.version):
        yield f"goes back to {after.version}, which has its tag"
    elif before is not None and Version.parse(after.version) < Version.parse(before.version):
        yield f"its number is below {before.version}, which it replaces"
    if change.began is not None and before is not None and change.began != before.version:
        yield f"it began at {change.began}, and the base has {before.version} now: the two will conflict"
    if change.between:
        shown = few_of(change.between[:NAMED], len(change.between))
        yield f"the change also had {shown}; a squash merge keeps and tags {after.version} alone"
    if handle.git.read_file(changes.range.head, manifest_path(after.model)) != after.to_text().encode():
        yield "its manifest is not in its one form; the next version rewrites it"
    unknown = [parent for parent in after.parents if not _is_known(handle, changes.before, change, parent)]
    if unknown:
        yield f"its parent {', '.join(unknown)} is not a version of this registry"
    yield from _same_content(handle, change, after, again=again)


def _is_known(handle: Handle, base: RecordsAt, change: ModelChange, parent: str) -> bool:
    before = change.before
    wanted = Version.parse(parent)
    if handle.index.find(change.model, wanted.identity) is not None:
        return True
    return before is not None and Version.parse(before.version) == wanted and base.registry is not None


def _same_content(handle: Handle, change: ModelChange, after: Manifest, *, again: bool) -> Iterator[str]:
    rows = handle.index.with_digest(after.model, str(after.artifact.digest))
    others = [row.version for row in rows if (row.model, row.identity) != after.key]
    if others and not again:
        yield f"has the same bytes as {few_of(others[-NAMED:], len(others))}"
    before = change.before
    if before is None or before.artifact.digest == after.artifact.digest:
        return
    if len(after.measurements) > 1 and before.measurements == after.measurements:
        yield f"all {len(after.measurements)} metrics are those of {before.version}, though the bytes differ"


# -- the next number --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The number that a version should have by SemVer, as far as the files tell, and why."""

    version: str
    why: str


def better_number(before: Manifest, after: Manifest, bump: Bump | None, why: str) -> Suggestion | None:
    """The suggestion where the number of `after` does not raise enough; None where it does."""
    if bump is None:
        return None
    old, new = Version.parse(before.version), Version.parse(after.version)
    if new < old or old.environment != new.environment:
        return None
    wanted = old.bump(bump)
    return Suggestion(wanted.text(zero_patch=new.patch_written), why) if new < wanted else None
