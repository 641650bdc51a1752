"""The versions at a commit: those tagged on it, and for every other model the inherited one."""

from dataclasses import dataclass

from regolo_git.registry.handle import Handle
from regolo_git.registry.missing_revision import find_commit
from regolo_git.registry.versions.known_tags import note_missing_tags


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """A version at a commit: `exact` if its tag is on that commit, `tagged` if it has a tag."""

    model: str
    version: str
    exact: bool
    tagged: bool


def describe(handle: Handle, revision: str) -> list[DescribedVersion]:
    """The versions at a commit, exact ones first.  Raises NotFound for one that this clone lacks."""
    commit = find_commit(handle.git, revision)
    exact = handle.index.at_commit(commit)
    result = [DescribedVersion(row.model, row.version, exact=True, tagged=True) for row in exact]
    seen = {(row.model, row.identity) for row in exact}
    inherited = [
        manifest
        for manifest in handle.readable(handle.records_at(commit).manifests())
        if manifest.key not in seen
    ]
    rows = handle.index.find_all(manifest.key for manifest in inherited)
    for manifest in inherited:
        tagged = manifest.key in rows
        if not tagged:
            note_missing_tags(handle)
        result.append(DescribedVersion(manifest.model, manifest.version, exact=False, tagged=tagged))
    return result
