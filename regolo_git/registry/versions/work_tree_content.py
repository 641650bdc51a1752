"""A model as the work tree has it: the manifest there, and the files at its path, changed or not.

Metrics are measurements of bytes, so changed files have none.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from regolo_git.artifacts.ingest.unstored import read_unstored
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.layouts.completeness import Problem
from regolo_git.records.manifest import Artifact, Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.status import ArtifactState, artifact_state, version_members


@dataclass(frozen=True, slots=True)
class WorkTreeContent:
    """The manifest of the files in a work tree, their recipe if they have tensors, and whether they changed.

    `problems` is what changed files say themselves about content that is missing.
    """

    manifest: Manifest
    recipe: Recipe | None
    state: ArtifactState
    problems: tuple[Problem, ...] = ()


def work_tree_content(
    handle: Handle, manifest: Manifest, on_progress: OnProgress = ignore_progress
) -> WorkTreeContent:
    """What the work tree has of a version; nothing is stored, and files that did not change are not read.

    Raises InvalidInput for files that cannot be stored, Conflict if they change while they are read.
    """
    state = artifact_state(handle, manifest, on_progress).state
    path, top = manifest.artifact.path, handle.paths.work_tree
    if state != "modified" or path is None or top is None:
        return WorkTreeContent(manifest, find_recipe_anywhere(handle, manifest.artifact.recipe), state)

    def members() -> Collection[str]:
        return version_members(handle, manifest)

    exclude, algorithm = manifest.artifact.exclude, manifest.artifact.digest.algorithm
    read = read_unstored(
        top / path, algorithm=algorithm, exclude=exclude, members=members, on_progress=on_progress
    )
    artifact = replace(Artifact.of(read.recipe), path=path, exclude=exclude)
    changed = replace(
        manifest, artifact=artifact, files=None, metrics={}, metadata=manifest.plain_metadata, seal=None
    )
    return WorkTreeContent(changed, read.recipe, state, read.problems)
