"""Which part of the version a change calls for, by SemVer."""

from regolo_git.records.versions import Bump
from regolo_git.verdict.tensors import TensorComparison


def suggested_bump(*, same_content: bool, tensors: TensorComparison | None) -> Bump | None:
    """The part to bump from one version to the next; None where their bytes are the same.

    Major: a tensor was removed or has another shape or type, so code that loads the model may break.
    Minor: weights changed, tensors were added, or nothing is known of the tensors (`tensors` is None).
    Patch: only files without tensors changed.
    """
    if same_content:
        return None
    if tensors is None:
        return "minor"
    if tensors.of_kind("removed") or tensors.of_kind("reshaped"):
        return "major"
    return "minor" if tensors.changes or not tensors.unchanged else "patch"
