"""Versions that are created once: a caller that asks again, such as a nightly job, gets the same one.

A version says the same if all is equal but its number, its parents and where its files are.  It is looked for
on the branch that a new one would be on, and among the proposals that wait.
"""

from dataclasses import replace

from regolo_git.errors import Conflict
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.proposed import proposed_manifests
from regolo_git.registry.versions.target_branch import TargetBranch


class AlreadyThere(Conflict):
    """A commit has a version that says the same."""

    def __init__(self, manifest: Manifest, commit: str) -> None:
        super().__init__(f"'{manifest.reference}' says the same", Hint("show", f"{commit}:{manifest.model}"))
        self.commit = commit


def refuse_same(
    handle: Handle, target: TargetBranch, manifest: Manifest, previous: Manifest | None, commit: str | None
) -> None:
    """Raises AlreadyThere if the version on the branch, as of a commit, or a proposal says the same."""
    if previous is not None and commit is not None and _says_the_same(manifest, previous):
        raise AlreadyThere(previous, commit)
    for tip, proposed in proposed_manifests(handle, manifest.model) if target.new_branch else ():
        if _says_the_same(manifest, proposed):
            raise AlreadyThere(proposed, tip)


def _says_the_same(a: Manifest, b: Manifest) -> bool:
    return _apart_from_its_number(a) == _apart_from_its_number(b)


def _apart_from_its_number(manifest: Manifest) -> Manifest:
    artifact = replace(manifest.artifact, path=None, name=None)
    return replace(manifest, version="", build=None, parents=(), seal=None, artifact=artifact)
