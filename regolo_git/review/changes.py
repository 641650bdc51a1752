"""What changed between two versions of a model, as a value that the pages are drawn from."""

from dataclasses import dataclass
from typing import Literal

from regolo_git.review.files import FileChange
from regolo_git.review.metadata import MetadataChange
from regolo_git.review.tensors import TensorComparison
from regolo_git.verdict.metrics import MetricChange

Bump = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """What changed from version `a` to version `b` of a model.

    `tensors` is None where the store does not have both recipes.  Sizes are in bytes, `size_diff_mb` in
    10^6 bytes.
    """

    model_id: str
    version_a: str
    version_b: str
    size_a: int
    size_b: int
    same_content: bool
    metrics: dict[str, MetricChange]
    metadata: tuple[MetadataChange, ...]
    files: tuple[FileChange, ...]
    tensors: TensorComparison | None
    description_a: str | None
    description_b: str | None

    @property
    def size_diff(self) -> int:
        """Bytes that version b has more than version a."""
        return self.size_b - self.size_a

    @property
    def size_diff_mb(self) -> float:
        """`size_diff` in MB (10^6 bytes)."""
        return self.size_diff / 1e6

    @property
    def suggested_bump(self) -> Bump | None:
        """What the change looks like by SemVer, None where the bytes are the same.

        Major: a tensor was removed or has another shape or type, so code that loads the model may break.
        Minor: weights changed, or tensors were added.  Patch: only files without tensors changed.
        """
        if self.same_content:
            return None
        if self.tensors is None:
            return "minor"
        if self.tensors.of_kind("removed") or self.tensors.of_kind("reshaped"):
            return "major"
        return "minor" if self.tensors.changes or not self.tensors.unchanged else "patch"
