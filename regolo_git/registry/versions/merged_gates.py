"""What the gates say of a merged version, from Git alone: every clone comes to the same answer.

The rules are those of the first parent of its commit, and drops are measured from the version there, so a
change never decides about itself.  No bytes are read: two jobs must make the same tag, whatever their stores.
"""

from regolo_git.errors import IntegrityError
from regolo_git.records.manifest import Manifest
from regolo_git.registry.gates import rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.measurements import with_evaluations
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.tagged_ancestor import newest_tagged_ancestor
from regolo_git.verdict.gate_facts import Facts
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.gates import judge


def judge_merged(handle: Handle, commit: str, manifest: Manifest) -> list[GateResult]:
    """The results of the gates of the model card; empty if the commit before had none."""
    base = handle.git.first_parent(commit)
    if base is None:
        return []
    records = handle.records_at(base)
    try:
        rules = rules_at(records, manifest.model)
    except IntegrityError as error:
        return [GateResult("gates", "not judged", error.message, "")]
    try:
        before = _before(handle, records, commit, manifest.model)
        known = manifest_facts(records, before) if before is not None else None
        return judge(rules, known, manifest_facts(handle.records_at(commit), manifest))
    except IntegrityError as error:  # of evaluations
        return [GateResult("gates", "not judged", error.message, "")]


def _before(handle: Handle, records: RecordsAt, commit: str, model: str) -> Manifest | None:
    """The version that the branch had before; of a manifest that cannot be read, the last one with a tag."""
    try:
        return records.manifest(model)
    except IntegrityError:
        row = newest_tagged_ancestor(handle, model, commit)
        return Manifest.parse(handle.git.read_blob(row.manifest_oid)) if row is not None else None


def manifest_facts(records: RecordsAt, manifest: Manifest) -> Facts:
    """What a version is judged by: its manifest, and what these records say was measured later."""
    manifest = with_evaluations(records, manifest)
    return Facts(manifest.model, manifest.version, manifest.measurements, manifest.shown_metadata)
