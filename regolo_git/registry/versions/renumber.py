"""Giving a version that was never pushed the next free number, after another clone has pushed its own.

    the branch goes on from its remote, if it has only the renumbered versions more (`renumber_plan.py`)
    → one commit with a tag for each version, on top of the branch
    → one commit for the environments and endpoints that have it → the old tags are removed

A new commit is right after every kind of merge: whether a conflict was resolved for this clone's manifest or
for the other one, the version is what its tag says.  The commit names the old tag, and the old tags are
removed last, so that after a kill the same command completes the work.
"""

from dataclasses import replace

from regolo_git.git.local_refs import move_branch, remove_tag
from regolo_git.git.new_commit import NewCommit, NewTag
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import card_path, evaluations_path, labels_path, manifest_path
from regolo_git.records.references import Reference
from regolo_git.records.seal import sealed
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import tag_name
from regolo_git.registry.change import commit_operations, commit_records
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.artifact_place import ensure_ignored
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.renumber_pins import pin_commit
from regolo_git.registry.versions.renumber_plan import RenumberPlan
from regolo_git.registry.versions.renumber_step import RENUMBERED, Step, with_new_numbers
from regolo_git.registry.versions.tagged_manifest import read_tag_message


def renumber(handle: Handle, plan: RenumberPlan) -> list[ModelVersion]:
    """Carries out a plan; returns the versions under their new numbers.

    Raises Conflict if files that have to be written have uncommitted changes.
    """
    if plan.onto is not None and plan.tip is not None:
        move_branch(handle.git, plan.branch, plan.tip, plan.onto, "renumber")
    numbers: dict[str, str] = {}
    done: list[Step] = []
    for step in plan.steps:
        parents = tuple(numbers.get(parent, parent) for parent in step.manifest.parents)
        numbers[step.row.version] = step.version
        manifest = sealed(replace(step.manifest, version=step.version, parents=parents))
        commit = step.commit or _publish(handle, plan.branch, step, manifest)
        done.append(replace(step, commit=commit))
    if plan.pins:
        commit_operations(handle, lambda records: pin_commit(records, done))
    for step in plan.steps:
        remove_tag(handle.git, step.row.tag, step.row.tag_oid)
    return [get_version(handle, Reference.select(s.row.model, s.version)) for s in plan.steps]


def _publish(handle: Handle, branch: str, step: Step, manifest: Manifest) -> str:
    """Commits and tags one version under its new number on top of the branch; returns the commit."""
    model, subject = manifest.model, with_new_numbers(step.row.subject, [step])
    written = read_tag_message(handle, step.row)
    bump = written.bump if written is not None else None
    was = handle.records_at(step.row.commit_oid)

    def prepare(records: RecordsAt) -> NewCommit[None]:
        files: dict[str, bytes | None] = {manifest_path(model): manifest.to_text().encode()}
        names = {(step.row.identity, step.row.digest): step.version}
        for path, held in (
            (evaluations_path(model), records.evaluations(model)),
            (labels_path(model), records.labels(model)),
        ):
            moved = held.renumbered(names)
            if moved != held:
                files[path] = moved.to_text().encode()
        if records.data(card_path(model)) is None:
            files[card_path(model)] = was.data(card_path(model))
        ignored = ensure_ignored(handle, manifest.artifact.path, branch)
        if ignored is not None and ignored.content is not None:
            files[ignored.path] = ignored.content
        text = f"{subject}\n\n{RENUMBERED}: {step.before} {step.row.tag_oid}\n"
        tag = NewTag(
            tag_name(model, manifest.version),
            lambda blobs: TagMessage.of(manifest, subject, blobs[manifest_path(model)], bump=bump).to_text(),
        )
        return NewCommit(files, text, None, tag)

    return commit_records(handle, prepare, branch=branch).commit
