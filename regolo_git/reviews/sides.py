"""One side of a comparison: a tagged version, a model at a commit, or the model in the work tree."""

from dataclasses import dataclass

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.layouts.completeness import Problem
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.revision_syntax import AtRevision, OneVersion
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import read_version_manifest
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.revisions import Revision, manifest_at, notice_seal, revision_at
from regolo_git.text.printable import printable

IN_WORK_TREE = "work tree"


@dataclass(frozen=True, slots=True)
class Side:
    """A manifest and, if it is there, its recipe; `name` tells it from another side with the same version.

    `records` are those of its commit, with the model card.  `problems` is what files in the work tree say
    themselves about content that is missing.
    """

    manifest: Manifest
    recipe: Recipe | None
    name: str
    records: RecordsAt
    problems: tuple[Problem, ...] = ()


def find_side(handle: Handle, target: OneVersion, on_progress: OnProgress = ignore_progress) -> Side:
    """What a reference names.  Raises NotFound, IntegrityError, InvalidInput."""
    if isinstance(target, AtRevision):
        return side_at(handle, revision_at(handle, target.revision), target.model, on_progress)
    manifest = read_version_manifest(handle, target)
    recipe = find_recipe_anywhere(handle, manifest.artifact.recipe)
    return Side(manifest, recipe, "tagged", handle.records())


def side_at(
    handle: Handle, revision: Revision, model: str, on_progress: OnProgress = ignore_progress
) -> Side:
    """A model at a revision.  Raises NotFound, IntegrityError, InvalidInput."""
    manifest = manifest_at(revision, model)
    if revision.commit is not None:
        notice_seal(handle, revision, manifest)
        recipe = find_recipe_anywhere(handle, manifest.artifact.recipe)
        return Side(manifest, recipe, revision.title, revision.records)
    from regolo_git.registry.versions.work_tree_content import (  # noqa: PLC0415 - most sides are commits
        work_tree_content,
    )

    content = work_tree_content(handle, manifest, on_progress)
    if content.state == "missing":
        path = printable(manifest.artifact.path or "")
        raise NotFound(f"'{path}' is not in the work tree", Hint("checkout"))
    return Side(content.manifest, content.recipe, IN_WORK_TREE, revision.records, content.problems)
