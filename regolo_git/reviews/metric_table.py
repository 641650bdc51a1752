"""The table of a reviewed model's metrics: values, noise, verdicts, gates and history."""

from collections.abc import Iterator, Mapping, Sequence

from regolo_git.reviews.document import (
    DETAIL,
    IMPORTANT,
    KEPT,
    NO_BREAK,
    USUAL,
    Grid,
    GridRow,
    Inner,
    Paragraph,
    Text,
    code,
    strong,
    unbroken,
)
from regolo_git.reviews.metric_cells import difference_texts, measured_text, verdict_cell
from regolo_git.reviews.model_review import ModelReview
from regolo_git.reviews.page import Cell, Column
from regolo_git.text.numbers import Number, rounded_text
from regolo_git.text.sparkline import sparkline
from regolo_git.verdict.gate_result import GateResult, GateState
from regolo_git.verdict.metrics import MetricChange

NONE_KNOWN = "·"  # in a sparkline, in place of a version without the metric
ARROWS = {"higher": "↑", "lower": "↓"}
WEIGHTS: Mapping[GateState, int] = {"fail": KEPT, "not judged": IMPORTANT, "open": IMPORTANT, "pass": USUAL}
SIGNS: Mapping[GateState, str] = {"fail": "fails", "not judged": "not judged", "open": "open", "pass": "✓"}
COLUMNS = (
    Column("metric", flexible=True),
    Column(unbroken("from → to")),
    Column("gate on the base", flexible=True),
    Column("change", flexible=True),
    Column("verdict", flexible=True),
    Column(unbroken("last 8"), spare=1),
)


def metric_table(review: ModelReview) -> Iterator[Inner]:
    """The table of metrics, those with failing gates first, and one of the gates that are of no metric."""
    gates: dict[str, list[GateResult]] = {}
    for gate in review.gates:
        if gate.is_metric:
            gates.setdefault(gate.name, []).append(gate)
    changes = review.comparison.metrics if review.comparison is not None else {}
    names = list(dict.fromkeys([*changes, *review.history, *gates]))
    rows = [_row(review, name, changes.get(name), gates.get(name, [])) for name in names]
    if rows:
        yield Grid(COLUMNS, sorted(rows, key=lambda row: row.weight))
    yield from gate_table("gate", [gate for gate in review.gates if not gate.is_metric])
    if review.later:
        missing = [gate for gate in review.later if gate.state != "pass"]
        text = "all pass" if not missing else "not all pass yet"
        yield Paragraph(
            (strong("Before a promotion:"), f" gates of environments, which do not decide here: {text}."),
            USUAL,
        )
        yield from gate_table("before a promotion", missing)


def lost_metrics(review: ModelReview) -> Iterator[Inner]:
    """The metrics of a model that is deleted; nothing if it had none."""
    columns = Column("metric", flexible=True), Column("on the base", number=True)
    rows = [
        GridRow(((code(name),), (_number(values[0]),)), DETAIL) for name, values in review.history.items()
    ]
    if rows:
        yield Grid(columns, rows)


def gate_table(title: str, gates: Sequence[GateResult]) -> Iterator[Inner]:
    """A table of gates with their reasons; nothing if there are none."""
    rows = [
        GridRow(((code(gate.label),), (gate.rule,), _state(gate), (gate.reason,)), WEIGHTS[gate.state])
        for gate in gates
    ]
    if rows:
        columns = (
            Column(title),
            Column("rule", flexible=True),
            Column("state"),
            Column("reason", flexible=True),
        )
        yield Grid(columns, rows)


def _row(review: ModelReview, name: str, change: MetricChange | None, gates: Sequence[GateResult]) -> GridRow:
    values = review.history.get(name, ())
    after = values[-1] if values else None
    cells: list[Text] = [(code(name), *_arrow(change)), _from_to(change, after), _gates(gates)]
    cells += [_change(change), (verdict_cell(change) if change is not None else "",), (_line(values),)]
    weight = min((WEIGHTS[gate.state] for gate in gates), default=_weight(change))
    return GridRow(cells, weight)


def _weight(change: MetricChange | None) -> int:
    return USUAL if change is not None and change["verdict"] not in ("same", "within noise") else DETAIL


def _arrow(change: MetricChange | None) -> Iterator[str]:
    if change is not None and change["direction"] is not None:
        unit = f" ({change['unit']})" if change["unit"] else ""
        yield f"{unit}{NO_BREAK}{ARROWS[change['direction']]}{'?' if change['guess'] else ''}"


def _from_to(change: MetricChange | None, after: Number | None) -> Text:
    if change is None:
        return (_number(after),)
    sides = change["a"], change["b"]
    return (unbroken(f"{_number(*sides)} → {_number(*reversed(sides))}"),)


def _number(value: Number | None, beside: Number | None = None) -> str:
    return "none" if value is None else rounded_text(value, beside)


def _change(change: MetricChange | None) -> Text:
    if change is None:
        return ()
    difference, measured = unbroken(difference_texts(change)[0]), measured_text(change)
    clear = change["verdict"] in ("better", "worse")
    parts: list[Cell | str] = [strong(difference) if clear and difference else difference]
    if measured:
        parts.append(f" ({unbroken(measured)})")
    elif difference and change["verdict"] in ("higher", "lower"):
        parts.append(unbroken(" (no n)"))
    return parts


def _gates(gates: Sequence[GateResult]) -> Text:
    parts: list[Cell | str] = []
    for gate in gates:
        parts += ["; " if parts else "", f"{unbroken(gate.rule)}{NO_BREAK}", *_state(gate)]
    return parts


def _state(gate: GateResult) -> tuple[Cell]:
    return (
        Cell(SIGNS[gate.state], "fail" if gate.state == "fail" else "open" if gate.state == "open" else ""),
    )


def _line(values: Sequence[Number | None]) -> str:
    if sum(value is not None for value in values) < 2:
        return ""
    return sparkline(values, ascii_only=False).replace(" ", NONE_KNOWN)
