"""The suggested version bump for a change, by SemVer."""

from regolo_git.records.versions import Bump
from regolo_git.verdict.tensors import TensorComparison


def suggested_bump(*, same_content: bool, tensors: TensorComparison | None) -> Bump | None:
    """The version part to bump; None if the content is the same.

    Major: a tensor was removed or has another shape or type, so code that loads the model may break.  In a
    file that describes itself, such as one of a scikit-learn model, it may differ with every training: there
    the inputs and outputs decide instead, which only those who read them know.
    Minor: weights changed, tensors were added, or the tensors are unknown (`tensors` is None).
    Patch: only files without tensors changed.
    """
    if same_content:
        return None
    if tensors is None:
        return "minor"
    if tensors.breaking:
        return "major"
    return "minor" if tensors.changes or not tensors.unchanged else "patch"
