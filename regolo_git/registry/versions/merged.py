"""Tagging merged versions: each manifest change on the registry branch that has no tag yet gets one.

The tag object depends on the commit alone (its committer and time, its manifest, and the gates of its first
parent), so two CI jobs create the same object and both pushes succeed.  A clone that lacks history or tags
creates none (see `known_tags.py`).
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from regolo_git.artifacts.progress import OnProgress, Progress, following, ignore_progress
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import IntegrityError, RegoloError
from regolo_git.git.publish_tag import publish_tag, tag_of_commit
from regolo_git.git.repository import CommitInfo
from regolo_git.git.tag_objects import tag_object_id
from regolo_git.hints import Hint, NextStep
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path, model_of_manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.seal import seal_problem
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.change import recover_first
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import released_tips
from regolo_git.registry.other_store import other_store_hint
from regolo_git.registry.versions.foreign_tags import OF_OTHERS, foreign_tag
from regolo_git.registry.versions.known_tags import require_history, require_tags
from regolo_git.registry.versions.merged_gates import judge_merged
from regolo_git.registry.versions.seals import branch_seal_problem
from regolo_git.registry.versions.tagged_ancestor import newest_tagged_ancestor, unknown_parents
from regolo_git.registry.versions.untagged import UntaggedChange, untagged_at_any
from regolo_git.verdict.gate_result import GateResult, summary_text

CONTRADICTED = (
    "the merged manifest records other bytes than the existing tag; commit it again under the next number"
)


@dataclass(frozen=True, slots=True)
class MergedVersion:
    """One manifest change without a tag; `problem` is the reason that it was not tagged, `hint` the next
    step.

    `version` and `tag` are None for an unusable manifest.  `gates` are the results that its tag records in
    short, `remark` is what deserves attention although it was tagged.
    """

    model: str
    version: str | None
    commit: str
    tag: str | None
    problem: str | None = None
    hint: NextStep | None = None
    gates: tuple[GateResult, ...] = ()
    remark: str | None = None

    @property
    def subject(self) -> str:
        """The name of its tag, or the path of an unusable manifest."""
        return self.tag or manifest_path(self.model)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The tag of an untagged change."""

    change: UntaggedChange
    manifest: Manifest
    tag: str
    message: str
    gates: tuple[GateResult, ...]

    def tag_object(self, handle: Handle) -> bytes:
        return tag_of_commit(handle.git, self.tag, self.change.commit, self.message)

    def outcome(self, problem: str | None, hint: NextStep | None, remark: str | None) -> MergedVersion:
        model, version, commit = self.manifest.model, self.manifest.version, self.change.commit
        return MergedVersion(model, version, commit, self.tag, problem, hint, self.gates, remark)


def tag_merged(
    handle: Handle,
    *,
    dry_run: bool = False,
    sign: bool | None = None,
    on_progress: OnProgress = ignore_progress,
) -> list[MergedVersion]:
    """Tags every merged version that has no tag, oldest first, after verifying its bytes.

    A version whose bytes or seal are missing or wrong, or whose number another change has taken, is reported
    with its problem and not tagged; so is a manifest that is unreadable or at another model's path.  `sign`
    says whether git signs the tags; None is the setting `tag.gpgSign`.  Raises NotFound if there is no
    registry, or if this clone lacks history or tags, and Conflict if git cannot sign.
    """
    if not dry_run:
        recover_first(handle)
    if handle.registry_tip() is None:
        return []
    require_history(handle)
    tips = released_tips(handle)
    plans = [_plan(handle, change) for change in untagged_at_any(handle, tips)]
    planned = {plan.tag: tag_object_id(plan.tag_object(handle)) for plan in reversed(plans)}
    require_tags(handle, {plan.change.model for plan in plans}, planned)
    plans = _without_sealed_again(plans)
    taken: set[tuple[str, str]] = set()
    result, progress = [], Progress(total=sum(plan.manifest.artifact.size for plan in plans))
    for plan in plans:
        problem, hint = _problem(handle, plan, taken, following(progress, on_progress))
        if problem is None and not dry_run:
            publish_tag(handle.git, plan.tag, plan.change.commit, plan.message, sign=sign)
        progress = progress.advanced(plan.manifest.artifact.size)
        taken.add(plan.change.key)
        result.append(plan.outcome(problem, hint, _remark(handle, plan, taken)))
    known = {(version.model, version.version) for version in result if version.problem is not None}
    for tip in tips:
        contradicted = [v for v in _contradicted(handle, tip) if (v.model, v.version) not in known]
        known |= {(version.model, version.version) for version in contradicted}
        result += [*contradicted, *_unusable(handle, tip)]
    return result


def _problem(
    handle: Handle, plan: _Plan, taken: Container[tuple[str, str]], on_progress: OnProgress
) -> tuple[str | None, NextStep | None]:
    """The reason that a version is not tagged and the next step; None if there is none."""
    manifest, key = plan.manifest, plan.change.key
    if key in taken:
        return "another merged change already has this version", None
    other = foreign_tag(handle, manifest.model, Version.parse(manifest.version))
    if other is not None:
        return f"tag '{other}' already exists; {OF_OTHERS}", Hint("fsck")
    problem = branch_seal_problem(handle, manifest, plan.change.manifest_oid)
    if problem is not None:
        return problem, Hint("seal", manifest.model)
    return _check_bytes(handle, plan, on_progress)


def _without_sealed_again(plans: Sequence[_Plan]) -> list[_Plan]:
    """The plans without manifests that were sealed again later, after an edit or a wrong merge."""
    right: set[tuple[str, str]] = set()
    kept: list[_Plan] = []
    for plan in reversed(plans):
        if seal_problem(plan.manifest, required=True) is None:
            right.add(plan.change.key)
        elif plan.change.key in right:
            continue
        kept.append(plan)
    return kept[::-1]


def _plan(handle: Handle, change: UntaggedChange) -> _Plan:
    manifest = Manifest.parse(handle.git.read_blob(change.manifest_oid))
    subject = _author_of(handle, change).subject
    gates = judge_merged(handle, change.commit, manifest)
    message = TagMessage.of(manifest, subject, change.manifest_oid, gates=summary_text(gates))
    tag = tag_name(manifest.model, manifest.version)
    return _Plan(change, manifest, tag, message.to_text(), tuple(gates))


def _remark(handle: Handle, plan: _Plan, taken: Container[tuple[str, str]]) -> str | None:
    """Says which version counts as the parent of one whose parent nobody has."""
    model = plan.manifest.model
    unknown = [
        parent
        for parent in unknown_parents(handle, plan.manifest)
        if (model, Version.parse(parent).identity) not in taken
    ]
    if not unknown:
        return None
    row = newest_tagged_ancestor(handle, model, plan.change.commit)
    counts = f"{row.version}, the newest tagged version before it, counts" if row else "nothing counts"
    return f"its parent {', '.join(unknown)} has no tag: {counts} as its parent"


def _author_of(handle: Handle, change: UntaggedChange) -> CommitInfo:
    """The commit in which the manifest was written: below a merge, whose message is the host's."""
    path, info = manifest_path(change.model), handle.git.commit_info(change.commit)
    following = True
    while following:
        following = False
        for parent in info.parents:
            if parent in handle.git.pygit and handle.git.blob_oid(parent, path) == change.manifest_oid:
                info, following = handle.git.commit_info(parent), True
                break
    return info


def _contradicted(handle: Handle, tip: str) -> Iterator[MergedVersion]:
    """Manifests at the tip whose version has a tag that records other content, or that were mixed with it.

    This happens when two proposals take the same number: the one merged second cannot be tagged.  Only the
    tip counts, so committing a new version resolves it.
    """
    manifests = handle.records_at(tip).manifests().by_name
    rows = handle.index.find_all(manifest.key for manifest in manifests.values())
    for model, manifest in manifests.items():
        row = rows.get(manifest.key)
        oid = handle.git.blob_oid(tip, manifest_path(model))
        if row is None or oid is None or oid == row.manifest_oid:
            continue
        problem: str | None = CONTRADICTED
        if row.digest == manifest.artifact.digest:
            problem = branch_seal_problem(handle, manifest, oid)
        if problem is not None:
            again = Hint("commit", model, "PATH") if problem != CONTRADICTED else None
            yield MergedVersion(manifest.model, manifest.version, tip, row.tag, problem, again)


def _unusable(handle: Handle, tip: str) -> Iterator[MergedVersion]:
    """The manifests that cannot be read, and those at the path of another model."""
    records = handle.records_at(tip)
    for path, error in {**records.manifests().broken, **records.misplaced_manifests()}.items():
        if (model := model_of_manifest(path)) is not None:
            yield MergedVersion(model, None, tip, None, error.message, error.hint)


def _check_bytes(handle: Handle, plan: _Plan, on_progress: OnProgress) -> tuple[str | None, NextStep | None]:
    """The problem with a version's bytes and its hint; None if there is none."""
    artifact = plan.manifest.artifact
    try:
        if not handle.stores.has_recipe(artifact.recipe):
            return f"its bytes are not in this clone's store '{handle.store_url}'", other_store_hint(handle)
        verify_artifact(
            handle.stores,
            artifact,
            cache=handle.cache,
            verified=_tagged_recipes(handle, plan),
            on_progress=on_progress,
        )
    except IntegrityError as error:
        return error.message, error.hint
    except RegoloError as error:
        return f"its bytes cannot be checked: {error.message}", error.hint
    return None, None


def _tagged_recipes(handle: Handle, plan: _Plan) -> Iterator[Recipe]:
    """The recipes of the tagged versions that a version most likely shares files with."""
    model = plan.manifest.model
    rows = [handle.index.find(model, Version.parse(parent).identity) for parent in plan.manifest.parents]
    for row in {*rows, newest_tagged_ancestor(handle, model, plan.change.commit)} - {None}:
        assert row is not None, "None was taken out"
        manifest = Manifest.parse(handle.git.read_blob(row.manifest_oid))
        recipe = find_recipe_anywhere(handle, manifest.artifact.recipe)
        if recipe is not None and recipe.artifact_digest == manifest.artifact.digest:
            yield recipe
