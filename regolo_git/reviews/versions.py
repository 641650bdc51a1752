"""Comparison of two versions in a registry, tagged or as a commit or the work tree has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from regolo_git.artifacts.interfaces import InterfaceReview, has_interfaces, review_interfaces
from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.errors import IntegrityError, InvalidInput, NotFound
from regolo_git.git.prefetch import fetch_files
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.places import record_paths
from regolo_git.records.revision_syntax import HEAD, WORK_TREE, OneVersion
from regolo_git.registry.handle import Handle
from regolo_git.registry.measurements import measured_later, with_evaluations
from regolo_git.registry.missing_revision import no_commit_yet
from regolo_git.registry.predictions import paired_metrics
from regolo_git.registry.revisions import Revision, changed_models, revision_at
from regolo_git.reviews.comparison import Comparison, compare
from regolo_git.reviews.html import to_fragment
from regolo_git.reviews.incomplete import IncompleteFile, incomplete_files
from regolo_git.reviews.revision_pages import revision_pages, revision_title
from regolo_git.reviews.sides import Side, find_side, side_at
from regolo_git.text.json_values import Plain


@dataclass(frozen=True, slots=True, repr=False)
class RevisionComparison:
    """Every model that two revisions have differently; `added` and `removed` are in one of them only.

    The metrics of these are those of their manifest and those measured later, which `later` names by model.
    """

    a: str
    b: str
    changed: tuple[Comparison, ...] = ()
    added: tuple[Manifest, ...] = ()
    removed: tuple[Manifest, ...] = ()
    later: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        names = (f"{len(getattr(self, kind))} {kind}" for kind in ("changed", "added", "removed"))
        return f"<RevisionComparison {revision_title(self)}: {', '.join(names)}>"

    def _repr_html_(self) -> str:
        return to_fragment(revision_pages(self), revision_title(self))

    def to_dict(self) -> Plain:
        """The comparisons as plain values, under the names of `git regolo diff --json`."""
        return {
            "a": self.a,
            "b": self.b,
            "changed": [changes.to_dict() for changes in self.changed],
            "added": list(map(self._one_sided, self.added)),
            "removed": list(map(self._one_sided, self.removed)),
        }

    def _one_sided(self, manifest: Manifest) -> Plain:
        later = list(self.later.get(manifest.model, ()))
        return _of_manifest(manifest) | {"measured_later": later}


def compare_versions(
    handle: Handle,
    a: OneVersion,
    b: OneVersion,
    on_progress: OnProgress = ignore_progress,
    *,
    values: bool = False,
) -> Comparison:
    """Compares `a` with `b`; the directions of metrics are those of the model card at `a`.

    Raises NotFound, InvalidInput for versions of different models.
    """
    if a.model != b.model:
        raise InvalidInput(f"'{a}' and '{b}' are versions of different models", Hint("list", a.model))
    sides = find_side(handle, a, on_progress), find_side(handle, b, on_progress)
    return compare_sides(handle, *sides, on_progress, values=values)


def compare_sides(
    handle: Handle, a: Side, b: Side, on_progress: OnProgress = ignore_progress, *, values: bool = False
) -> Comparison:
    """Compares two sides of one model; with `values`, those of its tensors, too (see `tensor_values`)."""
    later = [tuple(measured_later(side.records, side.manifest)) for side in (a, b)]
    a, b = _with_evaluations(a), _with_evaluations(b)
    stored = incomplete_files(handle.stores, a.manifest, b.manifest, a.recipe, b.recipe)
    incomplete = *stored, *_problems(a), *_problems(b)
    card = a.records.card_or_default(a.manifest.model)
    paired = paired_metrics(handle.stores, (a.manifest, a.recipe), (b.manifest, b.recipe))
    interfaces = _interfaces(handle, a, b)
    comparison = compare(a.manifest, b.manifest, card, a.recipe, b.recipe, incomplete, paired, interfaces)
    comparison = replace(comparison, later_a=later[0], later_b=later[1])
    if values:
        from regolo_git.reviews.values import tensor_values  # noqa: PLC0415 - it reads the bytes

        found = tensor_values(handle, a, b, comparison.tensors, on_progress)
        comparison = replace(comparison, values=found)
    if comparison.version_a != comparison.version_b:
        return comparison
    version = comparison.version_a
    return replace(comparison, version_a=f"{version} ({a.name})", version_b=f"{version} ({b.name})")


def _interfaces(handle: Handle, a: Side, b: Side) -> InterfaceReview | None:
    """The inputs and outputs that differ; None if no file describes itself, or without a recipe."""
    if a.recipe is None or b.recipe is None or a.manifest.artifact.digest == b.manifest.artifact.digest:
        return None
    if not has_interfaces(a.manifest, b.manifest):
        return None
    return review_interfaces(handle.stores, (a.manifest, a.recipe), (b.manifest, b.recipe))


def _with_evaluations(side: Side) -> Side:
    return replace(side, manifest=with_evaluations(side.records, side.manifest))


def compare_revisions(
    handle: Handle,
    a: Revision,
    b: Revision,
    on_progress: OnProgress = ignore_progress,
    *,
    values: bool = False,
) -> RevisionComparison:
    """Compares every model that differs: its manifest or, in the work tree, its files.

    A notice names each manifest that cannot be read, and files that the work tree lacks.  Raises InvalidInput
    for files that cannot be stored.
    """
    changed, added, removed = [], [], []
    later = dict[str, tuple[str, ...]]()
    models = _candidates(handle, a, b)
    fetch_files(handle.git, (a.commit, b.commit), [path for model in models for path in record_paths(model)])
    for model in models:
        before, after = _readable(handle, a, model), _readable(handle, b, model)
        if before is not None and after is not None:
            sides = [_present(handle, revision, model, on_progress) for revision in (a, b)]
            if sides[0] and sides[1] and sides[0].manifest != sides[1].manifest:
                changed.append(compare_sides(handle, sides[0], sides[1], on_progress, values=values))
        elif after is not None and not _has(a, model):
            added.append(_measured(handle, b, after, later))
        elif before is not None and not _has(b, model):
            removed.append(_measured(handle, a, before, later))
    return RevisionComparison(a.title, b.title, tuple(changed), tuple(added), tuple(removed), later)


def compare_work_tree(handle: Handle, on_progress: OnProgress = ignore_progress) -> RevisionComparison:
    """Compares the models at HEAD with the work tree.  Raises NotFound before the first commit."""
    if handle.git.head_commit() is None:
        raise no_commit_yet()
    return compare_revisions(handle, revision_at(handle, HEAD), revision_at(handle, WORK_TREE), on_progress)


def _of_manifest(manifest: Manifest) -> Plain:
    return {
        "model": manifest.model,
        "version": manifest.version,
        "size": manifest.artifact.size,
        "digest": str(manifest.artifact.digest),
        "metrics": dict(manifest.metric_values),
    }


def _candidates(handle: Handle, a: Revision, b: Revision) -> list[str]:
    if a.commit is not None and b.commit is not None:
        return changed_models(handle, a, b)
    return sorted({*a.records.models(), *b.records.models()})


def _readable(handle: Handle, revision: Revision, model: str) -> Manifest | None:
    try:
        return revision.records.manifest(model)
    except IntegrityError as error:
        handle.notice_broken([error])
        return None


def _measured(
    handle: Handle, revision: Revision, manifest: Manifest, later: dict[str, tuple[str, ...]]
) -> Manifest:
    """The manifest with what its revision has measured later; a notice says what cannot be read."""
    try:
        later[manifest.model] = tuple(measured_later(revision.records, manifest))
        return with_evaluations(revision.records, manifest)
    except IntegrityError as error:
        handle.notice_broken([error])
        return manifest


def _present(handle: Handle, revision: Revision, model: str, on_progress: OnProgress) -> Side | None:
    try:
        return side_at(handle, revision, model, on_progress)
    except NotFound as error:  # the files of the work tree
        handle.notice_once(f"{model}: {error.message}")
        return None


def _has(revision: Revision, model: str) -> bool:
    """Whether a revision has a model, readable or not."""
    return revision.records.data(manifest_path(model)) is not None


def _problems(side: Side) -> Iterator[IncompleteFile]:
    for problem in side.problems:
        path = problem.path if side.manifest.artifact.kind == "directory" else ""
        yield IncompleteFile(side.manifest.version, path, problem.path, problem.what)
