"""The methods of `Registry` that find and compare versions, commits and the work tree."""

from collections.abc import Callable, Sequence
from pathlib import Path

from regolo_git.api.arguments import at_revision, reference_to
from regolo_git.api.plain_arguments import plain_arguments
from regolo_git.api.progress import ProgressOption, reporting
from regolo_git.api.value_list import ValueList
from regolo_git.records.filter_expression import Filter
from regolo_git.records.names import check_model_name, check_text
from regolo_git.records.revision_syntax import CommitRange, OneVersion
from regolo_git.registry.handle import Handle
from regolo_git.registry.metric_origins import metric_changes, metric_origins
from regolo_git.registry.metric_steps import MetricOrigin
from regolo_git.registry.revision_versions import versions_in
from regolo_git.registry.revisions import revision_at
from regolo_git.registry.version_query import SortKey, VersionQuery, select_among, select_versions
from regolo_git.registry.version_search import FirstBad, Outcome, find_first_bad
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.reviews.comparison import Comparison
from regolo_git.reviews.review import Review, review_between
from regolo_git.reviews.versions import RevisionComparison, compare_revisions, compare_versions


@plain_arguments
class ComparisonVerbs:
    """Methods that find and compare."""

    handle: Handle

    def find_model_versions(
        self,
        where: str | None = None,
        model_id: str | None = None,
        *,
        sort: str | Sequence[str] = (),
        limit: int | None = None,
        rev: str | None = None,
    ) -> ValueList[ModelVersion]:
        """The versions of a model, or of all models, that meet a filter, at most `limit`.

        `where` is that of `git regolo list`: "accuracy > 0.9 and not license == 'gpl-3.0' and has eval.f1".
        `sort` names metrics or other values, "-accuracy" for the highest first; without it the highest
        version comes first.  With `rev`, those in the history of a branch, a proposal or any commit, or that
        a range of commits `A..B` brought, also without a tag; a commit requires `model_id`.  Raises NotFound,
        InvalidInput for a filter that cannot be read.
        """
        keys = (sort,) if isinstance(sort, str) else tuple(sort)
        condition = Filter.parse(check_text("a filter", where)) if where is not None else None
        query = VersionQuery(condition, tuple(map(SortKey.parse, keys)))
        model = (
            check_model_name(check_text("the name of a model", model_id)) if model_id is not None else None
        )
        if rev is None:
            return ValueList(found.version for found in select_versions(self.handle, query, model, limit)[0])
        versions = [v for v in self._at(model, rev) if model in (None, v.model_id)]
        return ValueList(found.version for found in select_among(self.handle, query, versions, limit)[0])

    def _at(self, model: str | None, rev: str) -> Sequence[ModelVersion]:
        commits = CommitRange.parse(check_text("a revision", rev))
        if commits is None and model is None:
            raise TypeError("a commit requires model_id; a range of commits A..B does not")
        return versions_in(self.handle, commits or at_revision(model or "", rev))

    def blame_metric(
        self, model_id: str, metric: str | None = None, rev: str | None = None
    ) -> ValueList[MetricOrigin]:
        """Every version that changed a metric of a model, newest first.

        Without `metric`, the version that gave each metric of the newest version its value.  With `rev`, in
        the history of a branch, a proposal or any commit.  Raises NotFound.
        """
        model = reference_to(model_id, "latest") if rev is None else at_revision(model_id, rev)
        if metric is None:
            return ValueList(metric_origins(self.handle, model))
        return ValueList(metric_changes(self.handle, model, check_text("the name of a metric", metric)))

    def bisect_model_versions(
        self, model_id: str, good: str, bad: str, test: Callable[[Path], bool | None]
    ) -> FirstBad:
        """The first bad version of a model between a good and a bad one, by trying out few of them.

        `test` gets the path of a version's file or directory, which is removed afterwards, and returns
        whether the version is good, or None to skip it.  Raises NotFound if those that remain were all
        skipped, InvalidInput if `good` is not lower than `bad`, and what `test` raises.
        """

        def attempt(_: ModelVersion, place: Path) -> Outcome:
            is_good = test(place)
            return "skip" if is_good is None else "good" if is_good else "bad"

        sides = reference_to(model_id, good), reference_to(model_id, bad)
        return find_first_bad(self.handle, *sides, attempt)

    def compare_model_versions(
        self,
        model_id: str,
        version_a: str | None = None,
        version_b: str | None = None,
        rev_a: str | None = None,
        rev_b: str | None = None,
        *,
        values: bool = False,
        progress: ProgressOption = None,
    ) -> Comparison:
        """Compares two versions of a model: metrics, metadata, files, tensors and size.

        `rev_a` and `rev_b` are a branch, a proposal or any commit in place of a version, and "" is the work
        tree.  With `values`, `Comparison.values` says how much the values of each tensor that changed differ;
        both versions of it are read, and `progress`, that of `register_model`, counts them.  Raises NotFound,
        TypeError without a version or revision for each side, and MissingDependency for `values` without
        NumPy (`regolo-git[values]`).
        """
        a, b = _side(model_id, "a", version_a, rev_a), _side(model_id, "b", version_b, rev_b)
        with reporting(progress, f"comparing {model_id}") as tell:
            return compare_versions(self.handle, a, b, tell, values=values)

    def compare_revisions(self, rev_a: str, rev_b: str) -> RevisionComparison:
        """Compares every model that two commits have differently; "" is the work tree.  Raises NotFound."""
        a, b = (revision_at(self.handle, check_text("a revision", rev)) for rev in (rev_a, rev_b))
        return compare_revisions(self.handle, a, b)

    def review(self, base: str, head: str) -> Review:
        """Judges the change that merging `head` into `base` would bring; both are branches or commits.

        Only objects are read: nothing is checked out or executed.  Gates are those of `base`.  What is wrong,
        fails or could not be judged is in the result.  Raises NotFound for a commit that is not here.
        """
        return review_between(self.handle, check_text("a revision", base), check_text("a revision", head))


def _side(model_id: str, side: str, version: str | None, rev: str | None) -> OneVersion:
    if (version is None) == (rev is None):
        raise TypeError(f"give either version_{side} or rev_{side}")
    return at_revision(model_id, rev) if rev is not None else reference_to(model_id, version or "")
