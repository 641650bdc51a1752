"""A comparison of two versions of a model, as `compare_model_versions` and `git regolo diff` return it.

It is computed from two manifests, the model card and, if the store has them, the two recipes.
"""

from collections.abc import Mapping

from regolo_git.artifacts.interfaces import InterfaceReview
from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue, flattened, with_values
from regolo_git.records.model_card import ModelCard
from regolo_git.records.recipe import Recipe
from regolo_git.reviews.changes import VersionChanges
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.files import compare_files
from regolo_git.reviews.html import to_fragment, to_html
from regolo_git.reviews.incomplete import IncompleteFile, without_tensors_of
from regolo_git.reviews.markdown import to_markdown
from regolo_git.reviews.metadata import compare_metadata
from regolo_git.verdict.metrics import Paired, compare_metrics
from regolo_git.verdict.tensors import TensorComparison, compare_tensors


class Comparison(VersionChanges):
    """The changes between two versions, and their rendering as Markdown and HTML."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Comparison {self.model_id}: {self.version_a} to {self.version_b}>"

    def _repr_html_(self) -> str:
        return to_fragment([comparison_page(self)])

    def to_markdown(self) -> str:
        """The comparison as a Markdown page, for a pull request."""
        return to_markdown(comparison_page(self))

    def to_html(self) -> str:
        """The comparison as a self-contained HTML page."""
        return to_html(comparison_page(self))


def compare(
    a: Manifest,
    b: Manifest,
    card: ModelCard,
    recipe_a: Recipe | None,
    recipe_b: Recipe | None,
    incomplete: tuple[IncompleteFile, ...] = (),
    paired: Mapping[str, Paired] | None = None,
    interfaces: InterfaceReview | None = None,
) -> Comparison:
    """Compares two manifests of one model; recipes, if available, add files and tensors.

    `paired` has the noise of metrics whose predictions were compared case by case, or the reason against it.
    Tensors of files that are `incomplete` in one of the versions are not compared.  `interfaces` are the
    inputs and outputs that differ.
    """
    return Comparison(
        model_id=a.model,
        version_a=a.version,
        version_b=b.version,
        size_a=a.artifact.size,
        size_b=b.artifact.size,
        same_content=a.artifact.digest == b.artifact.digest,
        metrics=compare_metrics(_metrics(a, b), _metrics(b, a), card.metrics, paired),
        metadata=compare_metadata(_metadata(a, b), _metadata(b, a)),
        files=compare_files(a.file_entries(recipe_a), b.file_entries(recipe_b)),
        tensors=_tensors(recipe_a, recipe_b, incomplete, interfaces),
        description_a=a.description,
        description_b=b.description,
        incomplete=incomplete,
        interfaces=interfaces,
    )


def _metrics(manifest: Manifest, other: Manifest) -> Mapping[str, Measurement]:
    """The metrics of a manifest, without numbers of an old one that the other tells from metrics."""
    apart = _told_apart(manifest, other)
    return {name: held for name, held in manifest.measurements.items() if name not in apart}


def _metadata(manifest: Manifest, other: Manifest) -> Mapping[str, MetadataValue]:
    """The metadata that are not metrics, with the numbers of an old manifest that are not metrics either."""
    apart = _told_apart(manifest, other)
    numbers = {name: value for name, value in manifest.metric_values.items() if name in apart}
    return with_values(manifest.plain_metadata, numbers) if numbers else manifest.plain_metadata


def _told_apart(manifest: Manifest, other: Manifest) -> set[str]:
    """The numbers in a manifest that 0.1 wrote, where each is a metric, which are metadata of the other."""
    if manifest.has_own_metrics or not other.has_own_metrics:
        return set()
    return {name for name, _ in flattened(other.metadata)} - other.measurements.keys()


def _tensors(
    a: Recipe | None,
    b: Recipe | None,
    incomplete: tuple[IncompleteFile, ...],
    interfaces: InterfaceReview | None,
) -> TensorComparison | None:
    if a is None or b is None:
        return None
    paths = {file.path for file in incomplete}
    described = interfaces.described if interfaces is not None else frozenset[str]()
    return compare_tensors(without_tensors_of(a, paths), without_tensors_of(b, paths), described)
