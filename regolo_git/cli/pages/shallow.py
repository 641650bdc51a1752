"""The note of `list` and `log` about versions that a shallow clone was not given."""

from collections.abc import Sequence

from regolo_git.cli.streams import talk_next, talk_note
from regolo_git.errors import RegoloError
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.numbers import few_of

NAMED = 3


def is_shallow(handle: Handle) -> bool:
    """Whether the clone is shallow, told without the Git library: such a clone has only some of the tags."""
    return (handle.paths.common_dir / "shallow").exists()


def talk_of_missing_parents(handle: Handle, shown: Sequence[ModelVersion]) -> None:
    """Says which parents of the versions on a page have no tag here, in a shallow clone."""
    if not is_shallow(handle):
        return
    parents = (parent for version in shown for parent in _parents_without_tag(handle, version))
    lacking = list(dict.fromkeys(parents))
    if lacking:
        from regolo_git.git.history import UNSHALLOW  # noqa: PLC0415 - it imports the Git library

        named = few_of([f"'{parent}'" for parent in lacking[:NAMED]], len(lacking))
        talk_note(f"this shallow clone has no version tag of {named}, and may lack more versions")
        talk_next(UNSHALLOW)


def _parents_without_tag(handle: Handle, version: ModelVersion) -> list[str]:
    try:
        parents = version.parents
    except RegoloError:
        return []  # other verbs name it
    return [
        version_reference(version.model_id, parent)
        for parent in parents
        if handle.index.find(version.model_id, Version.parse(parent).identity) is None
    ]
