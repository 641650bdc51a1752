"""What the document of a review says of one model: a sentence, a row, and the details."""

from collections.abc import Iterator, Sequence

from regolo_git.records.manifest import Manifest
from regolo_git.reviews.comparison_page import tensor_text, value_text
from regolo_git.reviews.document import (
    DETAIL,
    IMPORTANT,
    USUAL,
    Details,
    Grid,
    GridRow,
    Inner,
    Paragraph,
    Text,
    code,
    flexible,
    strong,
    unbroken,
)
from regolo_git.reviews.findings import WRONG
from regolo_git.reviews.metric_cells import difference_texts
from regolo_git.reviews.metric_table import lost_metrics, metric_table
from regolo_git.reviews.model_review import ModelReview
from regolo_git.reviews.origin import LICENCE, origin
from regolo_git.reviews.page import Cell, Column
from regolo_git.reviews.pickle_table import pickle_table
from regolo_git.text.numbers import counted, few_of
from regolo_git.text.sizes import signed_size_text, size_text
from regolo_git.verdict.gate_result import STATES, GateResult, with_state
from regolo_git.verdict.metrics import MetricChange
from regolo_git.verdict.tensors import BREAKING, TensorChange

NAMED = 4
TENSORS_SHOWN = 200
ROWS_SHOWN = 100


def behaviour(review: ModelReview) -> list[Cell | str]:
    """How the new version behaves differently, in a sentence; empty if nothing is known to."""
    after = review.change.after
    if after is None:
        return []
    good, bad, broken = _moved(review, "better"), _moved(review, "worse"), _breaking(review)
    failing = [f"{gate.label}: {gate.reason}" for gate in _failing(review) if not _is_told(review, gate)]
    parts: list[list[Cell | str]] = [[f"is better in {good}"]] if good else []
    parts += [[strong(f"is worse in {bad}")]] if bad else []
    parts += [["fails ", strong(few_of(failing[:NAMED], len(failing)))]] if failing else []
    parts += [[strong(broken)]] if broken else []
    if not parts:
        return []
    sentence: list[Cell | str] = [strong(f"{review.model} {after.version}"), " "]
    for number, part in enumerate(parts):
        sentence += [" and " if number and number == len(parts) - 1 else ", " if number else "", *part]
    return [*sentence, "."]


def _failing(review: ModelReview) -> list[GateResult]:
    return with_state(review.gates, "fail")


def _is_told(review: ModelReview, gate: GateResult) -> bool:
    """Whether the sentence names a gate beside a metric that is worse, or a name that is dangerous."""
    changes = review.comparison.metrics if review.comparison is not None else {}
    if gate.is_metric:
        return gate.name in changes and changes[gate.name]["verdict"] == "worse"
    return gate.name == "scan" and bool(review.pickles.new_dangers)


def _moved(review: ModelReview, verdict: str) -> str:
    changes = review.comparison.metrics if review.comparison is not None else {}
    found = [
        f"{name} ({'; '.join(_difference(review, name, change))})"
        for name, change in changes.items()
        if change["verdict"] == verdict
    ]
    return few_of(found[:NAMED], len(found))


def _difference(review: ModelReview, name: str, change: MetricChange) -> Iterator[str]:
    text = unbroken(difference_texts(change)[0])
    yield f"{text}, beyond noise" if change["method"] is not None else text
    for gate in _failing(review):
        if gate.is_metric and gate.name == name:
            yield f"{unbroken(gate.rule)} fails"


def _breaking(review: ModelReview) -> str:
    """What breaks code that uses the model, as the rest of a sentence about it."""
    tensors = review.comparison.tensors if review.comparison is not None else None
    kinds = [change.kind for change in tensors.breaking] if tensors is not None else []
    removed, reshaped = map(kinds.count, BREAKING)
    parts = [f"has lost {counted(removed, 'tensor')}"] if removed else []
    if tensors is not None and tensors.all_gone:
        parts = ["has no tensors that can be read"]
    parts += [f"has {counted(reshaped, 'reshaped tensor')}"] if reshaped else []
    if review.pickles.new_dangers:
        names = [str(name.asked) for name in review.pickles.new_dangers]
        parts.append(f"can run anything when it is loaded ({few_of(names[:2], len(names))})")
    if review.interfaces.breaks:
        parts.append("is called in another way (inputs or outputs differ)")
    return " and ".join(parts)


# -- the row ----------------------------------------------------------------------------------------------


def model_row(review: ModelReview) -> GridRow:
    """The row of a model in the overview."""
    failing = any(gate.state == "fail" for gate in review.gates) or any(
        finding.exit_code == WRONG for finding in review.findings
    )
    weight = IMPORTANT if failing else USUAL
    cells = ((strong(review.model),), (from_to(review),), gates_text(review.gates), (_meaning(review),))
    return GridRow(cells, weight)


def from_to(review: ModelReview) -> str:
    """The versions on both sides, on one line."""
    before, after = review.change.before, review.change.after
    sides = [side.version if side is not None else "none" for side in (before, after)]
    if review.change.error is not None:
        sides[1] = "?"
    return unbroken(" → ".join(sides))


def _meaning(review: ModelReview) -> str:
    change, comparison = review.change, review.comparison
    if change.error is not None:
        return "its manifest cannot be read"
    if change.after is None:
        return "deleted"
    if comparison is None:
        parts = [f"new, {unbroken(size_text(change.after.artifact.size))}"]
    elif comparison.same_content:
        parts = ["the bytes are the same"]
    else:
        parts = [*_metric_words(review), *_tensor_words(review)]
    store = store_text(review)
    return "; ".join([*parts, *([f"store {store}"] if store else [])]) or "changed"


def _metric_words(review: ModelReview) -> Iterator[str]:
    changes = review.comparison.metrics if review.comparison is not None else {}
    by_verdict: dict[str, list[str]] = {}
    for name, change in changes.items():
        if change["verdict"] not in ("same", "added"):
            by_verdict.setdefault(change["verdict"], []).append(name)
    words = [f"{few_of(names[:2], len(names))} {verdict}" for verdict, names in by_verdict.items()]
    if words:
        yield ", ".join(words)


def _tensor_words(review: ModelReview) -> Iterator[str]:
    tensors = review.comparison.tensors if review.comparison is not None else None
    if tensors is None or not (tensors.changes or tensors.unchanged):
        return
    kinds = [(kind, len(tensors.of_kind(kind))) for kind in (*BREAKING, "changed", "added")]
    words = [f"{count} {kind}" for kind, count in kinds if count]
    total = sum(1 for change in tensors.changes if change.after is not None) + tensors.unchanged
    if tensors.all_gone:
        yield f"no tensors that can be read, {counted(len(tensors.changes), 'tensor')} before"
        return
    yield f"of {counted(total, 'tensor')} {', '.join(words) or 'none changed'}"


def store_text(review: ModelReview) -> str:
    """By how much the store grows; empty if it is not known."""
    if review.store is None:
        return ""
    size = signed_size_text(review.store.size) if review.store.size else "+0 B"
    return f"{'' if review.store.exact else 'at most '}{unbroken(size)}"


def gates_text(gates: Sequence[GateResult]) -> Text:
    """How many gates are in each state, the worst first."""
    verbs = {"fail": ("fails", "fail"), "pass": ("passes", "pass")}
    parts: list[Cell | str] = []
    for state in STATES:
        count = len(with_state(gates, state))
        if count:
            text = unbroken(f"{count} {verbs.get(state, (state, state))[count != 1]}")
            parts += [", " if parts else "", Cell(text, "fail") if state == "fail" else text]
    return parts or ["none"]


# -- the details ------------------------------------------------------------------------------------------


def model_details(review: ModelReview) -> Iterator[Details]:
    """The details of a model; those of one that fails are open."""
    blocks = list(_blocks(review))
    if not blocks:
        return
    bad = any(gate.state == "fail" for gate in review.gates) or bool(review.findings)
    summary = [strong(f"{review.model} {from_to(review)}"), ": ", *gates_summary(review)]
    yield Details(summary, blocks, opened=bad)


def gates_summary(review: ModelReview) -> Text:
    """The gates in words, or that there are none."""
    return (
        [*gates_text(review.gates), " of ", counted(len(review.gates), "gate")]
        if review.gates
        else ["no gates"]
    )


def _blocks(review: ModelReview) -> Iterator[Inner]:
    after = review.change.after
    for remark in review.remarks:
        yield Paragraph((strong("Note:"), f" {remark}."), IMPORTANT)
    if after is None:
        yield from lost_metrics(review)
        return
    yield from metric_table(review)
    yield from pickle_table(review.pickles)
    yield from _interfaces(review)
    yield from _weights(review)
    yield from _files(review)
    yield from origin(review.change.before, after)
    yield from _metadata(review)
    yield Paragraph(proof(review, after), DETAIL)


def _interfaces(review: ModelReview) -> Iterator[Inner]:
    changes = review.interfaces.changes
    if changes:
        rows = [
            GridRow(
                (
                    (code(each.name),),
                    (each.what,),
                    (each.before or "",),
                    (each.after or "",),
                    (code(each.file),),
                ),
                IMPORTANT,
            )
            for each in changes[:ROWS_SHOWN]
        ]
        yield Grid(flexible("interface", "kind", "before", "after", "file"), rows)
    if review.interfaces.unread:
        unread = review.interfaces.unread
        text = f"inputs and outputs of {few_of(unread[:NAMED], len(unread))} could not be read from a header"
        yield Paragraph((strong("Interface."), f" The {text}."), DETAIL)


def _weights(review: ModelReview) -> Iterator[Inner]:
    tensors = review.comparison.tensors if review.comparison is not None else None
    if tensors is None or not tensors.changes:
        return
    yield Paragraph((strong("Weights."), f" {', '.join(_tensor_words(review)).capitalize()}."), DETAIL)
    if tensors.all_gone:
        return  # the table of files says which
    rows = [
        GridRow(
            ((code(each.label),), (_kind(each),), (_shapes(each),)),
            IMPORTANT if each.breaks else DETAIL,
        )
        for each in tensors.changes[:TENSORS_SHOWN]
    ]
    yield Grid(flexible("tensor", "change", "type and shape"), rows)
    if len(tensors.changes) > TENSORS_SHOWN:
        yield Paragraph((f"… and {len(tensors.changes) - TENSORS_SHOWN} more tensors.",), DETAIL)


def _shapes(change: TensorChange) -> str:
    sides = dict.fromkeys(tensor_text(side) for side in (change.before, change.after) if side is not None)
    return unbroken(" → ".join(sides))


def _kind(change: TensorChange) -> Cell | str:
    return strong(change.kind) if change.breaks else change.kind


def _files(review: ModelReview) -> Iterator[Inner]:
    comparison = review.comparison
    if comparison is None or comparison.same_content:
        return
    for file in comparison.incomplete:
        yield Paragraph((strong("Incomplete:"), f" {file}."), IMPORTANT)
    files = comparison.files
    if len(files) < 2:
        return
    rows = [
        GridRow(
            ((code(each.path),), (each.kind,), (size_text(each.size_before),), (size_text(each.size_after),)),
            DETAIL,
        )
        for each in files[:ROWS_SHOWN]
    ]
    columns = (Column("file"), Column("change"), Column("before", number=True), Column("after", number=True))
    yield Grid(columns, rows)


def _metadata(review: ModelReview) -> Iterator[Inner]:
    changes = review.comparison.metadata if review.comparison is not None else ()
    rows = [
        GridRow(((code(each.key),), (value_text(each.before),), (value_text(each.after),)), DETAIL)
        for each in changes[:ROWS_SHOWN]
        if each.key != LICENCE  # which its origin tells
    ]
    if rows:
        yield Grid(flexible("metadata", "before", "after"), rows)


def proof(review: ModelReview, after: Manifest) -> Text:
    """What is known of the bytes, and of the signature."""
    if review.findings:
        return strong("Proof."), " See above; nothing else was checked."
    new = counted(review.store.chunks, "new chunk") if review.store is not None else "all of them known"
    text = f" The bytes are in the store ({new}, {unbroken(size_text(after.artifact.size))} in all)"
    if review.tag is None:
        rebuilt = "they are rebuilt and compared when the version is tagged"
        return strong("Proof."), f"{text}; {rebuilt}. Signature: open, made after the merge."
    return strong("Proof."), f"{text}. Tag ", code(review.tag.name), f" {review.tag.signed.reason}."
