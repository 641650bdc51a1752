"""The page of a comparison: one table for each kind of change, without unchanged values."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from regolo_git.records.metadata import MetadataValue
from regolo_git.records.recipe import RecipeTensor
from regolo_git.records.toml_text import inline_text
from regolo_git.reviews.changes import VersionChanges
from regolo_git.reviews.metric_cells import difference_texts, measured_text, metric_name, verdict_cell
from regolo_git.reviews.page import Cell, Column, Meaning, Page, Row, Section
from regolo_git.reviews.values import values_section
from regolo_git.text.numbers import MISSING, few_of, rounded_text
from regolo_git.text.sizes import signed_size_text, size_text
from regolo_git.verdict.tensors import BREAKING, TensorChange

FILES_SHOWN = 50
TENSORS_SHOWN = 20
FEW = 5
REST = "see --json"
MEASURED = 5  # the number of the column that a comparison of plain numbers does without
T = TypeVar("T")
KINDS: Mapping[str, Meaning] = {"added": "new", "removed": "gone", "reshaped": "reshaped"}


def comparison_page(changes: VersionChanges) -> Page:
    """The page of a comparison of two versions."""
    sizes = (
        f"{size_text(changes.size_a)} → {size_text(changes.size_b)} ({signed_size_text(changes.size_diff)})"
    )
    described = changes.description_b
    problems = [str(file) for file in changes.incomplete]
    problems += [
        f"measured later: {few_of(names[:FEW], len(names))} of {version}"
        for version, names in ((changes.version_a, changes.later_a), (changes.version_b, changes.later_b))
        if names
    ]
    if changes.interfaces is not None and changes.interfaces.unread:
        unread = changes.interfaces.unread
        problems.append(f"inputs and outputs of {few_of(unread[:FEW], len(unread))} are not compared")
    return Page(
        subject=changes.model_id,
        title=f"{changes.version_a} → {changes.version_b}",
        lead=_lead(changes, sizes),
        brief=sizes,
        notes=[*([described] if described and described != changes.description_a else []), *problems],
        sections=[
            _metrics(changes),
            _metadata(changes),
            _files(changes),
            *_interfaces(changes),
            *_tensors(changes),
            *([values_section(changes.values)] if changes.values else []),
        ],
        conclusion=_conclusion(changes),
    )


def _conclusion(changes: VersionChanges) -> str:
    if changes.incomplete:
        return "no bump suggested: a file is incomplete, and its tensors are not compared"
    if changes.same_content:
        return "the content is identical"
    return f"suggested bump: {changes.suggested_bump}{_as_far(changes)}"


def _as_far(changes: VersionChanges) -> str:
    """A reservation where no tensor is known, as of most formats, and nothing else breaks callers."""
    tensors = changes.tensors
    known = tensors is not None and (tensors.changes or tensors.unchanged)
    return "" if known or changes.suggested_bump == "major" else ", as far as the files tell"


def _lead(changes: VersionChanges, sizes: str) -> list[Cell]:
    if changes.incomplete:
        problems = "; ".join(str(file) for file in changes.incomplete)
        return [Cell(f"Size {sizes}. {problems}. No bump is suggested.")]
    if changes.suggested_bump is None:
        return [Cell(f"Size {sizes}. The content is identical.")]
    return [
        Cell(f"Size {sizes}. Suggested bump: "),
        Cell(changes.suggested_bump, "strong"),
        Cell(f"{_as_far(changes)}."),
    ]


def _metrics(changes: VersionChanges) -> Section:
    columns = (
        Column("metric", flexible=True),
        _side(changes.version_a, number=True),
        _side(changes.version_b, number=True),
        Column("difference", heading="CHANGE", number=True),
        Column("relative", number=True, spare=1),
        Column("measured", flexible=True, spare=2),
        Column("verdict"),
    )
    rows = [
        (
            metric_name(name, change),
            rounded_text(change["a"], change["b"]),
            rounded_text(change["b"], change["a"]),
            *difference_texts(change),
            measured_text(change),
            verdict_cell(change),
        )
        for name, change in changes.metrics.items()
    ]
    if any(row[MEASURED] for row in rows):
        return Section("Metrics", rows, columns)
    return Section("Metrics", [_without_measured(row) for row in rows], _without_measured(columns))


def _without_measured(row: Sequence[T]) -> Sequence[T]:
    return [*row[:MEASURED], *row[MEASURED + 1 :]]


def _metadata(changes: VersionChanges) -> Section:
    columns = (
        Column("key", heading="NAME"),
        _side(changes.version_a, flexible=True),
        _side(changes.version_b, flexible=True),
    )
    rows = [(m.key, value_text(m.before), value_text(m.after)) for m in changes.metadata]
    return Section("Metadata", rows, columns)


def value_text(value: "MetadataValue | None") -> str:
    """A metadata value: text as it is, other values as in the manifest, a hyphen for None."""
    if value is None:
        return MISSING
    return value if isinstance(value, str) else inline_text(value)


def _files(changes: VersionChanges) -> Section:
    rows = [
        (file.path, _kind(file.kind), size_text(file.size_before), size_text(file.size_after))
        for file in changes.files
    ]
    return Section("Files", rows, _columns("file", changes, number=True), screenful=FILES_SHOWN, rest=REST)


def _interfaces(changes: VersionChanges) -> list[Section]:
    found = changes.interfaces.changes if changes.interfaces is not None else ()
    rows: list[Row] = [
        (each.name, each.what, each.before or MISSING, each.after or MISSING, each.file) for each in found
    ]
    sides = _side(changes.version_a, flexible=True), _side(changes.version_b, flexible=True)
    columns = (Column("name"), Column("kind"), *sides, Column("file", flexible=True))
    return [Section("Inputs and outputs", rows, columns, screenful=FILES_SHOWN, rest=REST)] if rows else []


def _tensors(changes: VersionChanges) -> list[Section]:
    if changes.tensors is None:
        return []
    rows: list[Row] = [
        (tensor.label, _tensor_kind(tensor), tensor_text(tensor.before), tensor_text(tensor.after))
        for tensor in changes.tensors.changes
    ]
    unchanged = changes.tensors.unchanged
    title = f"Tensors ({unchanged} unchanged)" if unchanged else "Tensors"
    columns = _columns("tensor", changes, number=False)
    return [Section(title, rows, columns, most=TENSORS_SHOWN, screenful=TENSORS_SHOWN, rest=REST)]


def tensor_text(tensor: RecipeTensor | None) -> str:
    """Type and shape of a tensor; a hyphen for None."""
    return MISSING if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"


def _kind(kind: str) -> Cell:
    return Cell(kind, KINDS.get(kind, ""))


def _tensor_kind(tensor: TensorChange) -> Cell:
    harmless = tensor.kind in BREAKING and not tensor.breaks
    return Cell(tensor.kind) if harmless else _kind(tensor.kind)


def _side(version: str, *, number: bool = False, flexible: bool = False) -> Column:
    return Column(version, heading=version, number=number, flexible=flexible)


def _columns(what: str, changes: VersionChanges, *, number: bool) -> tuple[Column, ...]:
    sides = (_side(changes.version_a, number=number), _side(changes.version_b, number=number))
    return Column(what, flexible=True), Column("change"), *sides
