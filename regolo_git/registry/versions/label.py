"""Labels of a version, put on and taken off after it was created: lines in its model's labels.

The manifest stays as it is.  A label names the digest of the version, so it never counts for other bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import label_branch
from regolo_git.records.digests import blake3_hex
from regolo_git.records.labels import Label, LabelKey, Labels, check_label_name, check_label_value
from regolo_git.records.names import check_text
from regolo_git.records.paths import labels_path
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.annotation import commit_annotation
from regolo_git.registry.change import Prepare, action_message, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

MOST_LABELS = 64  # of a version
NAMED = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels that were just committed: to the registry branch, or to `branch` for review.

    `labels` are all that the version has after it.  `pushed_to` is the remote that has the commit already.
    """

    version: ModelVersion
    labels: Mapping[str, str]
    commit: str
    branch: str
    pushed_to: str | None = None


def label(
    handle: Handle,
    reference: Reference,
    given: Mapping[str, str],
    *,
    remove: Sequence[str] = (),
    message: str | None = None,
    propose: bool = False,
    push: bool | None = None,
) -> Labelled:
    """Gives labels of a version new values and removes others: on the registry branch, or proposed.

    Raises NotFound for a version or a label to remove that is not there, InvalidInput without labels or for
    one that cannot be kept, TypeError for a value that is not a text, Conflict if they are so already or if
    files have uncommitted changes.  `push`: see `destination`.
    """
    recover_first(handle)
    checked = _checked(given, remove)
    version = get_version_to_use(handle, reference)
    if not checked and not remove:
        raise InvalidInput("no label is given", Hint("label", version.reference, "NAME=VALUE"))
    prepare = _preparing(handle, version, checked, tuple(remove), message)
    words = [*(f"{name}={value}" for name, value in checked.items()), *(f"{name}-" for name in remove)]
    mark = blake3_hex("\n".join(sorted(words)).encode())[:8]
    proposal = label_branch(version.model_id, version.version, mark) if propose else None
    done = commit_annotation(handle, prepare, version.model_id, proposal=proposal, push=push)
    return Labelled(version, done.made, done.commit, done.branch, done.pushed_to)


def _checked(given: Mapping[str, str], remove: Sequence[str]) -> dict[str, str]:
    checked = {}
    for name, value in given.items():
        check_label_name(check_text("the name of a label", name))
        checked[name] = check_label_value(name, check_text(f"label '{name}'", value))
    for name in remove:
        if check_label_name(check_text("the name of a label", name)) in checked:
            raise InvalidInput(f"label '{name}' is both given and removed", "leave one of them out")
    return checked


def _preparing(
    handle: Handle,
    version: ModelVersion,
    given: Mapping[str, str],
    remove: Sequence[str],
    message: str | None,
) -> Prepare[dict[str, str]]:
    author, digest = handle.git.authorship().author, version.manifest.artifact.digest
    identity = Version.parse(version.version).identity
    changes = [*(f"{name}={value}" for name, value in given.items()), *(f"{name} removed" for name in remove)]
    subject = f"label {version.reference}: {few_of(changes[:NAMED], len(changes))}"

    def prepare(records: RecordsAt) -> NewCommit[dict[str, str]]:
        held = records.labels(version.model_id)
        entries = held.by_key
        for name in remove:
            if entries.pop(LabelKey(identity, digest, name), None) is None:
                raise NotFound(
                    f"'{version.reference}' has no label '{printable(name)}'", Hint("show", version.reference)
                )
        for name, value in given.items():
            before = entries.get(LabelKey(identity, digest, name))
            if before is None or before.value != value:
                new = Label(version.version, digest, name, value, author.when, author.person)
                entries[new.key] = new
        after = held.with_entries(entries.values())
        if after == held:
            raise Conflict(f"'{version.reference}' already has these labels", Hint("show", version.reference))
        labels = {name: each.value for name, each in after.of(version.version, digest).items()}
        if len(labels) > MOST_LABELS:
            raise InvalidInput(f"'{version.reference}' would have more than {MOST_LABELS} labels")
        files = {labels_path(version.model_id): after.to_text().encode()}
        said = action_message(message, subject, "label", {})
        return NewCommit(files, said, labels, without_time=_without_time)

    return prepare


def _without_time(content: bytes) -> object:
    return [(entry.key, entry.value, entry.who) for entry in Labels.parse(content).entries]
