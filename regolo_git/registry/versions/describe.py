"""Which versions a commit is: those tagged on it, and for every other model the version in force there."""

from dataclasses import dataclass

from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """A version as of a commit: `exact` where its tag is on that very commit, `tagged` where it has one."""

    model: str
    version: str
    exact: bool
    tagged: bool


def describe(handle: Handle, revision: str) -> list[DescribedVersion]:
    """The versions of a commit, exact ones first.  Raises NotFound for an unknown revision."""
    commit = handle.git.resolve(revision)
    exact = handle.index.at_commit(commit)
    result = [DescribedVersion(row.model, row.version, exact=True, tagged=True) for row in exact]
    seen = {(row.model, row.identity) for row in exact}
    for manifest in handle.readable(handle.records_at(commit).manifests()):
        identity = Version.parse(manifest.version).identity
        if (manifest.model, identity) not in seen:
            tagged = handle.index.find(manifest.model, identity) is not None
            result.append(DescribedVersion(manifest.model, manifest.version, exact=False, tagged=tagged))
    return result
