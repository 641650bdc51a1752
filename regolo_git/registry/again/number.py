"""The number of a proposal that is made again: its own, or the next free one if it is taken or passed."""

from collections.abc import Sequence
from dataclasses import replace

from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version, next_version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.foreign_tags import OF_OTHERS, foreign_tag


def number_again(
    handle: Handle,
    model: str,
    version: Version,
    before: Manifest | None,
    now: Manifest | None,
    *,
    untagged: Sequence[Version],
    waiting: Sequence[Version],
) -> Version:
    """The number of a proposal on a branch that had the manifest `before` when it began, and has `now`.

    A number that was below the branch's own from the beginning, as of a fix for an old release, stays below.
    `untagged` are the versions on the registry branch without a tag; a new number steps over those `waiting`
    as other proposals, too.
    """
    began = Version.parse(before.version) if before is not None else None
    held = Version.parse(now.version) if now is not None else None
    taken = [Version.parse(row.version) for row in handle.index.rows(model)]
    taken += [*untagged, *([held] if held is not None and held != began else [])]
    below = began is not None and version < began
    passed = held is not None and version.environment is None and version < held and not below
    if version not in taken and not passed and foreign_tag(handle, model, version) is None:
        return version
    began_at = [began] if began is not None else []
    steps = version.following if below or version.environment else None
    free = steps() if steps is not None else _after(version, [*taken, *began_at])
    while free in (*taken, *waiting, *began_at) or _is_foreign(handle, model, free):
        free = _bumped(free, version) if steps is None else free.following()
    return replace(free, patch_written=version.patch_written)


def _after(version: Version, known: Sequence[Version]) -> Version:
    """The number after all others, by the part that a number raises."""
    if version.prerelease and version >= max(known):
        return version.following()
    highest = next_version(known, "patch" if version.patch else "minor")
    return replace(highest, prerelease=version.prerelease)


def _bumped(free: Version, version: Version) -> Version:
    if free.prerelease:
        return free.following()
    return free.bump("patch" if version.patch else "minor")


def _is_foreign(handle: Handle, model: str, version: Version) -> bool:
    tag = foreign_tag(handle, model, version)
    if tag is not None:
        handle.notice_once(f"stepped over tag '{tag}': {OF_OTHERS}")
    return tag is not None
