"""The changes between two versions of a model, as a value."""

from dataclasses import dataclass

from regolo_git.records.versions import Bump
from regolo_git.reviews.files import FileChange
from regolo_git.reviews.incomplete import IncompleteFile
from regolo_git.reviews.metadata import MetadataChange
from regolo_git.reviews.values import TensorValues
from regolo_git.verdict.bump import suggested_bump
from regolo_git.verdict.metrics import MetricChange
from regolo_git.verdict.tensors import TensorComparison


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """The changes from version `a` to version `b` of a model.

    `tensors` is None unless the store has both recipes, and lacks those of files that are `incomplete`.
    `values` is None unless asked for.  `later_a` and `later_b` are the metrics that were measured after the
    version was created.  Sizes are in bytes, `size_diff_mb` in 10^6 bytes.
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
    incomplete: tuple[IncompleteFile, ...] = ()
    values: tuple[TensorValues, ...] | None = None
    later_a: tuple[str, ...] = ()
    later_b: tuple[str, ...] = ()

    @property
    def size_diff(self) -> int:
        """Size of version b minus size of version a, in bytes."""
        return self.size_b - self.size_a

    @property
    def size_diff_mb(self) -> float:
        """`size_diff` in MB (10^6 bytes)."""
        return self.size_diff / 1e6

    @property
    def suggested_bump(self) -> Bump | None:
        """The bump that SemVer suggests, as far as files and tensors show.

        None for identical content, and if a file is incomplete.
        """
        if self.incomplete:
            return None
        return suggested_bump(same_content=self.same_content, tensors=self.tensors)
