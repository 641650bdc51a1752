"""The number of a new version: the next one, or the requested one if it is free."""

from collections.abc import Sequence

from regolo_git.errors import VersionExists
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.versions import Version, next_version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.foreign_tags import OF_OTHERS, foreign_tag
from regolo_git.registry.versions.request import Bump


def free_number(
    handle: Handle,
    model: str,
    requested: Version | None,
    bump: Bump | None,
    previous: Manifest | None,
    untagged: Sequence[Version] = (),
    *,
    waiting: Sequence[Version] = (),
    repeats: Version | None = None,
) -> Version:
    """The requested number, or the next one on a branch whose manifest is `previous`.

    An automatic number steps over the tags of other tools, with a notice, and over those of the proposals
    `waiting`.  `untagged` are the versions on the registry branch that have no tag.  The version `repeats`
    counts as not there.  Raises VersionExists if the number is taken.
    """
    merged = [*untagged, *([Version.parse(previous.version)] if previous is not None else [])]
    tagged, proposed = _tagged(handle, model), list(waiting)
    if repeats is not None:
        proposed = [other for other in waiting if other.identity != repeats.identity]
        merged = [other for other in merged if other.identity != repeats.identity]
        rows = handle.index.rows(model)
        tagged = [Version.parse(row.version) for row in rows if row.identity != repeats.identity]
    version = requested or next_free(handle, model, [*tagged, *merged, *proposed], bump or "minor")
    if requested is None and repeats is None and handle.index.find(model, version.identity) is not None:
        # Another process created it while the tags of other tools were looked at, so it is known now.
        known = [*_tagged(handle, model), *merged, *proposed]
        version = next_free(handle, model, known, bump or "minor")
    if repeats is None or version.identity != repeats.identity:
        refuse_existing(handle, model, version)
    same = next((other for other in merged if other.identity == version.identity), None)
    if same is not None:
        text = same.text(zero_patch=same.patch_written)
        raise VersionExists(
            f"version '{text}' of '{model}' is already committed, without a tag", Hint("tag", "--merged")
        )
    return version


def refuse_existing(handle: Handle, model: str, version: Version) -> None:
    """Raises VersionExists if the version has a tag; `1.0` and `1.0.0` are the same version."""
    foreign, row = foreign_tag(handle, model, version), handle.index.find(model, version.identity)
    if row is not None:
        message = f"version '{row.version}' of '{model}' already exists, and versions never change"
    elif foreign is not None:
        message = f"tag '{foreign}' already exists; {OF_OTHERS}"
    else:
        return
    following = next_version(_tagged(handle, model), "minor")
    while foreign_tag(handle, model, following) is not None:
        following = following.bump("minor")
    written = Version.parse(row.version) if row is not None else version
    suggestion = following.text(zero_patch=written.patch_written)
    raise VersionExists(message, f"choose another, such as --version {suggestion}")


def next_free(handle: Handle, model: str, known: Sequence[Version], bump: Bump) -> Version:
    """The number after all `known` ones that is not a tag of another tool, which is a notice."""
    version = next_version(known, bump)
    while (tag := foreign_tag(handle, model, version)) is not None:
        handle.notice_once(f"stepped over tag '{tag}': {OF_OTHERS}")
        version = version.bump(bump)
    return version


def writes_zero_patch(handle: Handle, model: str, card: ModelCard | None, version: Version) -> bool:
    """Whether `1.0` is written `1.0.0`, by the card, else the model's versions, else this one."""
    if card is not None:
        return card.zero_patch
    rows = handle.index.highest(model)
    return Version.parse(rows[0].version).patch_written if rows else version.patch_written


def _tagged(handle: Handle, model: str) -> list[Version]:
    """The highest release of a model, and its highest version."""
    return [Version.parse(row.version) for row in handle.index.highest(model)]
