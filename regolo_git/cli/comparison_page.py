"""A comparison as `diff` prints it: the page for people, the document and the lines for programs."""

import sys
from collections.abc import Iterator, Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.forms import Json
from regolo_git.cli.metric_style import metric_name, verdict_cell
from regolo_git.cli.streams import paint, put, signs
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.recipe import RecipeTensor
from regolo_git.review.changes import VersionChanges
from regolo_git.review.words import tensor_text, value_text
from regolo_git.text.numbers import number_text, signed_number_text, signed_percent_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import signed_size_text, size_text
from regolo_git.verdict.tensors import TensorChange

TENSORS_SHOWN = 20
FILES_SHOWN = 50
_COLOURS = {"added": "green", "removed": "red", "reshaped": "yellow"}


def put_page(changes: VersionChanges) -> None:
    """Prints one table for each kind of change; what did not change is not mentioned."""
    c = changes
    names = f"{c.model_id}  {c.version_a} → {c.version_b}"
    sizes = f"{size_text(c.size_a)} → {size_text(c.size_b)} ({signed_size_text(c.size_diff)})"
    put(signs(f"{paint(names, sys.stdout, bold=True)}  {sizes}"))
    for text in (c.description_b,):
        if text and text != c.description_a:
            put(f"  {one_line(text)}")
    _section("Metrics", _metric_columns(c), _metric_rows(c))
    _section(
        "Metadata",
        (Column("NAME"), Column(c.version_a, flexible=True), Column(c.version_b, flexible=True)),
        [
            (one_line(m.key), one_line(value_text(m.before)), one_line(value_text(m.after)))
            for m in c.metadata
        ],
    )
    _section("Files", _kind_columns("FILE", c, right=True), _file_rows(c), FILES_SHOWN)
    if c.tensors is not None:
        title = f"Tensors ({c.tensors.unchanged} unchanged)"
        rows = [_tensor_row(tensor) for tensor in c.tensors.changes]
        _section(title, _kind_columns("TENSOR", c, right=False), rows, TENSORS_SHOWN)
    put("")
    put("the bytes are the same" if c.same_content else f"by SemVer this is a {c.suggested_bump} change")


def _section(title: str, columns: Sequence[Column], rows: Sequence[Row], shown: int | None = None) -> None:
    if not rows:
        return
    put("")
    put(paint(title, sys.stdout, bold=True))
    put_table(columns, rows[:shown], indent=2)
    if shown is not None and len(rows) > shown:
        put(signs(f"  … and {len(rows) - shown} more: --json has them all"))


def _metric_columns(c: VersionChanges) -> tuple[Column, ...]:
    return (
        Column("METRIC", flexible=True),
        Column(c.version_a, right=True),
        Column(c.version_b, right=True),
        Column("CHANGE", right=True),
        Column("RELATIVE", right=True, spare=1),
        Column("VERDICT"),
    )


def _metric_rows(c: VersionChanges) -> list[Row]:
    return [
        (
            metric_name(name, m),
            number_text(m["a"]),
            number_text(m["b"]),
            signed_number_text(m["diff"] or None),
            signed_percent_text(m["relative"] or None),
            verdict_cell(m),
        )
        for name, m in c.metrics.items()
    ]


def _kind_columns(first: str, c: VersionChanges, *, right: bool) -> tuple[Column, ...]:
    sides = (Column(c.version_a, right=right), Column(c.version_b, right=right))
    return Column(first, flexible=True), Column("CHANGE"), *sides


def _file_rows(c: VersionChanges) -> list[Row]:
    return [
        (
            one_line(file.path),
            Cell(file.kind, _COLOURS.get(file.kind, "")),
            size_text(file.size_before),
            size_text(file.size_after),
        )
        for file in c.files
    ]


def _tensor_row(tensor: TensorChange) -> Row:
    kind = Cell(tensor.kind, _COLOURS.get(tensor.kind, ""))
    return one_line(tensor.name), kind, tensor_text(tensor.before), tensor_text(tensor.after)


def document(changes: VersionChanges) -> Json:
    """The comparison for programs."""
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
        "metrics": {name: _metric_document(c, name) for name in c.metrics},
        "metadata": [{"name": m.key, "a": m.before, "b": m.after} for m in c.metadata],
        "files": [
            {"path": f.path, "change": f.kind, "size_a": f.size_before, "size_b": f.size_after}
            for f in c.files
        ],
        "tensors": {
            "unchanged": c.tensors.unchanged,
            "changes": [
                {
                    "name": t.name,
                    "change": t.kind,
                    "a": _tensor_document(t.before),
                    "b": _tensor_document(t.after),
                }
                for t in c.tensors.changes
            ],
        }
        if c.tensors is not None
        else None,
    }


def _metric_document(c: VersionChanges, name: str) -> Json:
    m = c.metrics[name]
    return {
        "a": m["a"],
        "b": m["b"],
        "diff": m["diff"],
        "relative": m["relative"],
        "direction": m["direction"],
        "unit": m["unit"],
        "verdict": m["verdict"],
    }


def _tensor_document(tensor: RecipeTensor | None) -> Json:
    return {"dtype": tensor.dtype, "shape": list(tensor.shape), "size": tensor.size} if tensor else None


def fields(changes: VersionChanges) -> Iterator[tuple[object, ...]]:
    """The comparison for the shell, one line for each thing that differs."""
    c = changes
    for name, m in c.metrics.items():
        yield "metric", name, m["a"], m["b"], m["diff"], m["relative"], m["verdict"]
    for change in c.metadata:
        yield "metadata", change.key, _field(change.before), _field(change.after)
    for file in c.files:
        yield "file", file.path, file.kind, file.size_before, file.size_after
    for tensor in c.tensors.changes if c.tensors is not None else ():
        yield "tensor", tensor.name, tensor.kind, tensor_text(tensor.before), tensor_text(tensor.after)
    yield "size", c.size_a, c.size_b, c.size_diff


def _field(value: "MetadataValue | None") -> "MetadataValue | None":
    """A list stands in one field; whatever else there is, the output knows how to write."""
    return value_text(value) if isinstance(value, list) else value
