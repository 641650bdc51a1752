"""A note on a new version whose number promises more than its tensors, inputs and outputs keep.

Only recipes that the local store has are looked at.
"""

from regolo_git.artifacts.interfaces import InterfaceReview, has_interfaces, review_interfaces
from regolo_git.errors import RegoloError
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.numbers import counted, few_of
from regolo_git.text.printable import one_line
from regolo_git.verdict.tensors import TensorChange, compare_tensors

NAMED = 3


def note_of_breaking_change(handle: Handle, version: ModelVersion) -> str | None:
    """What the version breaks for users of its parent with the same major number; None for nothing.

    A version 0.x promises nothing.
    """
    number = Version.parse(version.version)
    for parent in map(Version.parse, version.parents):
        what = _broken(handle, version, parent) if _promises(number, parent) else None
        if what is not None:
            bump = 'bump="major"' if handle.face is not None else "--bump major"
            return f"{what}, which SemVer calls a major change ({bump})"
    return None


def _promises(number: Version, parent: Version) -> bool:
    """Whether code that loads the parent may expect to load the version."""
    return number.major > 0 and (number.major, number.environment) == (parent.major, parent.environment)


def _broken(handle: Handle, version: ModelVersion, parent: Version) -> str | None:
    try:
        row = handle.index.find(version.model_id, parent.identity)
        old = read_tagged_manifest(handle, row) if row is not None else None
        new = version.manifest
        if old is None or old.artifact.recipe == new.artifact.recipe:
            return None
        if not handle.store.has_recipe(old.artifact.recipe):
            return None
        before, after = (handle.store.read_recipe(each.artifact.recipe) for each in (old, new))
        interfaces = InterfaceReview()
        if has_interfaces(old, new):
            interfaces = review_interfaces(handle.store, (old, before), (new, after))
        tensors = compare_tensors(before, after, interfaces.described).breaking
    except RegoloError:
        return None  # the version exists, and a failing note must not make it look as if it did not
    number = parent.text(zero_patch=parent.patch_written)
    return _broken_tensors(number, tensors) or _broken_interface(number, interfaces)


def _broken_tensors(before: str, broken: tuple[TensorChange, ...]) -> str | None:
    if not broken:
        return None
    names = few_of([one_line(change.label) for change in broken[:NAMED]], len(broken))
    was = "was" if len(broken) == 1 else "were"
    return f"{counted(len(broken), 'tensor')} of {before} {was} removed or reshaped ({names})"


def _broken_interface(before: str, found: InterfaceReview) -> str | None:
    if not found.breaks:
        return None
    names = [f"{change.what} {one_line(change.name)}" for change in found.changes]
    return f"it is called in another way than {before} ({few_of(names[:NAMED], len(names))})"
