"""The output of `diff` for programs: a document, or one line for each difference."""

from collections.abc import Iterator, Mapping
from typing import cast

from regolo_git.cli.forms import Json
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.recipe import RecipeTensor
from regolo_git.reviews.changes import VersionChanges
from regolo_git.reviews.comparison_page import tensor_text, value_text


def document(changes: VersionChanges) -> Json:
    """The comparison as a JSON document."""
    c = changes
    return {
        "model": c.model_id,
        "a": c.version_a,
        "b": c.version_b,
        "size_a": c.size_a,
        "size_b": c.size_b,
        "size_diff": c.size_diff,
        "same_content": c.same_content,
        "suggested_bump": c.suggested_bump,
        "incomplete": [{"version": f.version, "path": f.name, "problem": f.problem} for f in c.incomplete],
        "metrics": cast(Mapping[str, Json], c.metrics),
        "measured_later": {"a": list(c.later_a), "b": list(c.later_b)},
        "metadata": [{"name": m.key, "a": m.before, "b": m.after} for m in c.metadata],
        "files": [
            {"path": f.path, "change": f.kind, "size_a": f.size_before, "size_b": f.size_after}
            for f in c.files
        ],
        "tensors": {
            "unchanged": c.tensors.unchanged,
            "changes": [
                {
                    "name": t.label,
                    "change": t.kind,
                    "a": _tensor_document(t.before),
                    "b": _tensor_document(t.after),
                }
                for t in c.tensors.changes
            ],
        }
        if c.tensors is not None
        else None,
        "values": _values(c),
    }


def _values(changes: VersionChanges) -> Json:
    if changes.values is None:
        return None
    return [
        {"name": values.tensor.label} | cast(dict[str, Json], values.to_dict()) for values in changes.values
    ]


def _tensor_document(tensor: RecipeTensor | None) -> Json:
    return {"dtype": tensor.dtype, "shape": list(tensor.shape), "size": tensor.size} if tensor else None


def fields(changes: VersionChanges) -> Iterator[tuple[object, ...]]:
    """The comparison as tab-separated fields, one line for each difference."""
    c = changes
    for name, m in c.metrics.items():
        yield "metric", name, m["a"], m["b"], m["diff"], m["relative"], m["verdict"]
    for change in c.metadata:
        yield "metadata", change.key, _field(change.before), _field(change.after)
    for file in c.files:
        yield "file", file.path, file.kind, file.size_before, file.size_after
    for incomplete in c.incomplete:
        yield "incomplete", incomplete.version, incomplete.name, incomplete.problem
    for values in c.values or ():
        yield "values", values.tensor.label, *values.to_dict().values()
    for tensor in c.tensors.changes if c.tensors is not None else ():
        yield "tensor", tensor.label, tensor.kind, tensor_text(tensor.before), tensor_text(tensor.after)
    yield "size", c.size_a, c.size_b, c.size_diff


def _field(value: "MetadataValue | None") -> "MetadataValue | None":
    """Joins a list into one field; other values are written as they are."""
    return value_text(value) if isinstance(value, list) else value
