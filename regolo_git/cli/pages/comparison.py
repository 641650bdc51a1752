"""The output of `diff` for programs: a document, or one line for each difference."""

from collections.abc import Iterator

from regolo_git.records.metadata import MetadataValue
from regolo_git.reviews.changes import VersionChanges
from regolo_git.reviews.comparison_page import tensor_text, value_text


def fields(changes: VersionChanges) -> Iterator[tuple[object, ...]]:
    """The comparison as tab-separated fields, one line for each difference."""
    c = changes
    for name, m in c.metrics.items():
        yield "metric", name, m["a"], m["b"], m["diff"], m["relative"], m["verdict"]
    for change in c.metadata:
        yield "metadata", change.key, _field(change.before), _field(change.after)
    for file in c.files:
        yield "file", file.path, file.kind, file.size_before, file.size_after
    for each in c.interfaces.changes if c.interfaces is not None else ():
        yield "interface", each.name, each.what, each.before, each.after, each.file
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
