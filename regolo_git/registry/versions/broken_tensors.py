"""A note on a new version whose number promises more than its tensors keep.

Only a version with tensors is looked at, and only recipes that the local store has.
"""

from regolo_git.errors import RegoloError
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.numbers import counted, few_of
from regolo_git.text.printable import one_line
from regolo_git.verdict.tensors import TensorChange, compare_tensors

NAMED = 3


def note_of_broken_tensors(handle: Handle, version: ModelVersion) -> str | None:
    """What the version removes or reshapes of its parent with the same major number; None for nothing.

    A version 0.x promises nothing.
    """
    number = Version.parse(version.version)
    parents = [parent for parent in map(Version.parse, version.parents) if _promises(number, parent)]
    for parent in parents:
        broken = _broken(handle, version, parent)
        if broken:
            names = few_of([one_line(change.label) for change in broken[:NAMED]], len(broken))
            was = "was" if len(broken) == 1 else "were"
            before = parent.text(zero_patch=parent.patch_written)
            what = f"{counted(len(broken), 'tensor')} of {before} {was} removed or reshaped ({names})"
            bump = 'bump="major"' if handle.face is not None else "--bump major"
            return f"{what}, which SemVer calls a major change ({bump})"
    return None


def _promises(number: Version, parent: Version) -> bool:
    """Whether code that loads the parent may expect to load the version."""
    return number.major > 0 and (number.major, number.environment) == (parent.major, parent.environment)


def _broken(handle: Handle, version: ModelVersion, parent: Version) -> list[TensorChange]:
    try:
        row = handle.index.find(version.model_id, parent.identity)
        old = read_tagged_manifest(handle, row).artifact.recipe if row is not None else None
        new = version.manifest.artifact.recipe
        if old is None or old == new or not handle.store.has_recipe(old):
            return []
        found = compare_tensors(handle.store.read_recipe(old), handle.store.read_recipe(new))
    except RegoloError:
        return []  # the version exists, and a failing note must not make it look as if it did not
    return [*found.of_kind("removed"), *found.of_kind("reshaped")]
