"""The number of a new version: the next one, or the requested one if it is free."""

from regolo_git.errors import VersionExists
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.versions import Version, next_version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.request import Bump


def free_number(
    handle: Handle, model: str, requested: Version | None, bump: Bump | None, previous: Manifest | None
) -> Version:
    """The requested number, or the next one on a branch whose manifest is `previous`.

    Raises VersionExists if it is taken.
    """
    version = requested or next_version(_known(handle, model, previous), bump or "minor")
    refuse_existing(handle, model, version)
    if previous is not None and Version.parse(previous.version).identity == version.identity:
        raise VersionExists(
            f"version '{previous.version}' of '{model}' is already on this branch, without a tag",
            Hint("tag", "--merged"),
        )
    return version


def refuse_existing(handle: Handle, model: str, version: Version) -> None:
    """Raises VersionExists if the version has a tag; `1.0` and `1.0.0` are the same version."""
    row = handle.index.find(model, version.identity)
    if row is None:
        return
    following = next_version(_known(handle, model, None), "minor")
    suggestion = following.text(zero_patch=Version.parse(row.version).patch_written)
    raise VersionExists(
        f"version '{row.version}' of '{model}' already exists, and versions never change",
        f"choose another, such as --version {suggestion}",
    )


def writes_zero_patch(handle: Handle, model: str, card: ModelCard | None, version: Version) -> bool:
    """Whether `1.0` is written `1.0.0`, by the card, else the model's versions, else this one."""
    if card is not None:
        return card.zero_patch
    rows = handle.index.highest(model)
    return Version.parse(rows[0].version).patch_written if rows else version.patch_written


def _known(handle: Handle, model: str, previous: Manifest | None) -> list[Version]:
    """The versions that a new number must follow: the highest tags, and one not tagged yet."""
    rows = handle.index.highest(model)
    return [Version.parse(row.version) for row in rows] + (
        [Version.parse(previous.version)] if previous else []
    )
