"""Recording what was measured of a version after it was made: a line in its model's evaluations.

The manifest stays as it is.  A line names the digest of the version, so it never counts for other bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from regolo_git.errors import InvalidInput
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import evaluation_branch
from regolo_git.records.digests import blake3_hex
from regolo_git.records.evaluations import Evaluation, Evaluations
from regolo_git.records.measurement import as_measurements
from regolo_git.records.names import check_text
from regolo_git.records.paths import evaluations_path
from regolo_git.records.references import Reference
from regolo_git.records.toml_text import inline_text
from regolo_git.registry.annotation import commit_annotation
from regolo_git.registry.change import Prepare, action_message, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.measured import check_predictions
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line

NAMED = 5


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation that was just committed: to the registry branch, or to `branch` for review.

    `pushed_to` is the remote that has the commit already.
    """

    version: ModelVersion
    evaluation: Evaluation
    commit: str
    branch: str
    pushed_to: str | None = None


def evaluate(
    handle: Handle,
    reference: Reference,
    metrics: Mapping[str, object],
    *,
    labels: Mapping[str, str] | None = None,
    message: str | None = None,
    propose: bool = False,
    push: bool | None = None,
) -> Evaluated:
    """Adds an evaluation of a version, on the registry branch or proposed on a new one.

    Raises NotFound, InvalidInput without metrics or for one that cannot be kept, TypeError, Conflict if files
    have uncommitted changes.  `push`: see `destination`.
    """
    recover_first(handle)
    measured = as_measurements(metrics)
    version = get_version_to_use(handle, reference)
    if not measured:
        raise InvalidInput(
            "no metric is given", Hint("evaluate", version.reference, "--metric", "NAME=NUMBER")
        )
    artifact = version.manifest.artifact
    if artifact.kind == "file" or version.manifest.files is not None:
        check_predictions(measured, version.files)
    author = handle.git.authorship().author
    evaluation = Evaluation(
        version.version, artifact.digest, author.when, author.person, measured, _checked_labels(labels)
    )
    prepare = _preparing(version, evaluation, message)
    mark = blake3_hex(inline_text(evaluation.to_table()).encode())[:8]
    proposal = evaluation_branch(version.model_id, version.version, mark) if propose else None
    done = commit_annotation(handle, prepare, version.model_id, proposal=proposal, push=push)
    return Evaluated(version, evaluation, done.commit, done.branch, done.pushed_to)


def _checked_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    checked = {}
    for name, text in (labels or {}).items():
        if not check_text("the name of a label", name):
            raise InvalidInput("a label needs a name")
        checked[name] = check_text(f"label '{name}'", text)
    return checked


def _preparing(version: ModelVersion, evaluation: Evaluation, message: str | None) -> Prepare[None]:
    names = [one_line(name) for name in list(evaluation.metrics)[:NAMED]]
    subject = f"evaluate {version.reference}: {few_of(names, len(evaluation.metrics))}"

    def prepare(records: RecordsAt) -> NewCommit[None]:
        held = records.evaluations(version.model_id)
        text = held.with_entries(_as_newest(evaluation, held)).to_text()
        said = action_message(message, subject, "evaluate", {})
        files = {evaluations_path(version.model_id): text.encode()}
        return NewCommit(files, said, None, without_time=_without_time)

    return prepare


def _as_newest(evaluation: Evaluation, held: Evaluations) -> Evaluation:
    """The evaluation with a time after those of its version: times are in seconds, and clocks differ."""
    before = held.of(evaluation.version, evaluation.digest)
    after = before[-1].when + timedelta(seconds=1) if before else evaluation.when
    return replace(evaluation, when=max(evaluation.when, after))


def _without_time(content: bytes) -> object:
    entries = Evaluations.parse(content).entries
    return [(entry.version, entry.digest, entry.who, entry.metrics, entry.labels) for entry in entries]
