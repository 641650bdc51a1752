"""The changes between two versions of a model, as a value."""

from dataclasses import dataclass

from regolo_git.artifacts.interfaces import InterfaceReview
from regolo_git.records.recipe import RecipeTensor
from regolo_git.records.versions import Bump
from regolo_git.reviews.files import FileChange
from regolo_git.reviews.incomplete import IncompleteFile
from regolo_git.reviews.metadata import MetadataChange
from regolo_git.reviews.values import TensorValues
from regolo_git.text.json_values import Plain, plain
from regolo_git.verdict.bump import suggested_bump
from regolo_git.verdict.metrics import MetricChange
from regolo_git.verdict.tensors import TensorComparison


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """The changes from version `a` to version `b` of a model.

    `tensors` is None unless the store has both recipes, and lacks those of files that are `incomplete`.
    `values` is None unless asked for.  `later_a` and `later_b` are the metrics that were measured after the
    version was created.  `interfaces` are the inputs and outputs that differ, None without files
    that describe themselves.  Sizes
    are in bytes, `size_diff_mb` in 10^6 bytes.
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
    interfaces: InterfaceReview | None = None

    def to_dict(self) -> Plain:
        """The changes as plain values, under the names of `git regolo diff --json`."""
        return {
            "model": self.model_id,
            "a": self.version_a,
            "b": self.version_b,
            "size_a": self.size_a,
            "size_b": self.size_b,
            "size_diff": self.size_diff,
            "same_content": self.same_content,
            "suggested_bump": self.suggested_bump,
            "incomplete": [
                {"version": f.version, "path": f.name, "problem": f.problem} for f in self.incomplete
            ],
            "metrics": plain(self.metrics),
            "measured_later": {"a": list(self.later_a), "b": list(self.later_b)},
            "metadata": [{"name": m.key, "a": plain(m.before), "b": plain(m.after)} for m in self.metadata],
            "files": [
                {"path": f.path, "change": f.kind, "size_a": f.size_before, "size_b": f.size_after}
                for f in self.files
            ],
            "interfaces": self.interfaces.to_list() if self.interfaces is not None else [],
            "tensors": _tensors(self.tensors) if self.tensors is not None else None,
            "values": None
            if self.values is None
            else [{"name": values.tensor.label} | plain(values.to_dict()) for values in self.values],
        }

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
        """The bump that SemVer suggests, as far as files, tensors, inputs and outputs show.

        None for identical content, and if a file is incomplete.
        """
        if self.incomplete:
            return None
        if self.interfaces is not None and self.interfaces.breaks:
            return "major"
        return suggested_bump(same_content=self.same_content, tensors=self.tensors)


def _tensors(tensors: TensorComparison) -> Plain:
    changes = [
        {"name": each.label, "change": each.kind, "a": _tensor(each.before), "b": _tensor(each.after)}
        for each in tensors.changes
    ]
    return {"unchanged": tensors.unchanged, "changes": changes}


def _tensor(tensor: RecipeTensor | None) -> Plain | None:
    return {"dtype": tensor.dtype, "shape": list(tensor.shape), "size": tensor.size} if tensor else None
