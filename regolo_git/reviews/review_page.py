"""The document of a review: verdict, behaviour, steps; then a row for each thing, and details."""

import shlex
from collections.abc import Iterator, Sequence

from regolo_git.hints import NextStep
from regolo_git.registry.missing_revision import PULL_REQUEST
from regolo_git.reviews.change_range import ChangeRange
from regolo_git.reviews.document import (
    IMPORTANT,
    KEPT,
    USUAL,
    Block,
    Details,
    Document,
    Grid,
    GridRow,
    Paragraph,
    Text,
    code,
    strong,
    unbroken,
)
from regolo_git.reviews.findings import WRONG
from regolo_git.reviews.metric_table import gate_table
from regolo_git.reviews.model_page import behaviour, gates_text, model_details, model_row
from regolo_git.reviews.model_review import ModelReview
from regolo_git.reviews.numbers import propose_again
from regolo_git.reviews.page import Cell, Column
from regolo_git.reviews.places import PlaceChange
from regolo_git.reviews.policy import PolicyChange
from regolo_git.reviews.reviewed_change import ReviewedChange
from regolo_git.text.commits import short
from regolo_git.text.numbers import counted
from regolo_git.verdict.gate_result import STATES

NAMED = 3  # models in the second line, and steps of one kind in the third
STEPS = 12
MARKER = "regolo-review v1"


def review_document(review: ReviewedChange) -> Document:
    """The document of a review."""
    return Document(
        heading=heading(review),
        blocks=list(_blocks(review)),
        footer=_footer(review),
        marker=marker(review),
        whole=("all of it: ", code(_command(review))),
    )


def marker(review: ReviewedChange) -> str:
    """The line by which a program finds the comment of a review, and sees what it is of."""
    base, head = (short(commit) if commit else "none" for commit in (review.range.base, review.range.head))
    return f"{MARKER} head={head} base={base} verdict={review.verdict.replace(' ', '-')}"


def heading(review: ReviewedChange) -> Text:
    """The verdict in one line."""
    if review.is_empty:
        return ("Nothing to review: no model, environment, endpoint or rule changes",)
    wrong = sum(finding.exit_code == WRONG for _, finding in review.findings)
    if review.verdict == "wrong":
        return (f"Cannot be merged: {counted(wrong, 'thing')} {'is' if wrong == 1 else 'are'} wrong",)
    counts = _counts(review)
    if review.verdict == "fail":
        return (f"Not ready: {counts}",)
    if review.verdict == "not judged":
        return (f"Not judged{f': {counts}' if counts else ''}",)
    return (f"Ready to merge{f': {counts}' if counts else ', with no gates'}",)


def _counts(review: ReviewedChange) -> str:
    total = len(review.gates)
    if not total:
        return ""
    failed, opened, unjudged = (len(review.gates_in(state)) for state in ("fail", "open", "not judged"))
    parts = [f"{failed} of {counted(total, 'gate')} {'fails' if failed == 1 else 'fail'}"] if failed else []
    parts += [f"{opened} {'is' if opened == 1 else 'are'} open"] if opened else []
    parts += [f"{unjudged} could not be judged"] if unjudged else []
    return ", ".join(parts) or f"{counted(total, 'gate')} {'passes' if total == 1 else 'pass'}"


def _footer(review: ReviewedChange) -> Text:
    change = review.range
    return (
        code(short(change.head)),
        " against ",
        code(_base(change)),
        ", whose gates and signers count · read from headers; nothing was executed · again: ",
        code(_command(review)),
    )


def _base(change: ChangeRange) -> str:
    """The name of the base and its commit, which may be the same."""
    if change.base is None:
        return "an empty registry"
    commit = short(change.base)
    return commit if change.base.startswith(change.base_name) else f"{change.base_name}@{commit}"


def _command(review: ReviewedChange) -> str:
    """The command that reviews it again, in any clone."""
    base, head = review.range.base_name, review.range.head_name
    pull = PULL_REQUEST.fullmatch(head)
    if pull is not None:
        again = shlex.join(["git", "regolo", "review", f"{base}..FETCH_HEAD"])
        return f"git fetch origin {pull[1]} && {again}"
    return shlex.join(["git", "regolo", "review", review.range.text])


# -- blocks -----------------------------------------------------------------------------------------------


def _blocks(review: ReviewedChange) -> Iterator[Block]:
    for path, finding in review.findings:
        weight = KEPT if finding.exit_code == WRONG else IMPORTANT
        where: Text = () if path in finding.what else (" (", code(path), ")")
        yield Paragraph((strong(_named(finding.exit_code)), " ", finding.what, *where, "."), weight)
    differs = _behaviour(review)
    if differs:
        yield Paragraph(differs, KEPT)
    steps = list(_steps(review))
    if steps:
        yield Paragraph((strong("To do:"), *_numbered(steps)), KEPT)
    rows = list(_rows(review))
    if rows:
        columns = (
            Column("", flexible=True),
            Column(unbroken("from → to")),
            Column("gates", flexible=True),
            Column("what it means", flexible=True),
        )
        yield Grid(columns, rows)
    yield from _alerts(review)
    yield from _rules(review)
    for place in review.environments:
        yield from gate_table(f"{place.name}, {place.model}", place.gates)
    for model in by_state(review):
        yield from model_details(model)


def by_state(review: ReviewedChange) -> list[ModelReview]:
    """The models, those first that are wrong, fail, or are open."""

    def state(model: ModelReview) -> tuple[bool, int]:
        states = [STATES.index(gate.state) for gate in model.gates]
        return not model.findings, min(states, default=len(STATES))

    return sorted(review.models, key=state)


def _named(exit_code: int) -> str:
    return "Wrong:" if exit_code == WRONG else "Not judged:"


def _behaviour(review: ReviewedChange) -> list[Cell | str]:
    """What behaves differently, of the first models that do."""
    told = [text for text in map(behaviour, by_state(review)) if text]
    parts: list[Cell | str] = []
    for text in told[:NAMED]:
        parts += [*text, " "]
    if len(told) > NAMED:
        parts.append(f"{counted(len(told) - NAMED, 'more model')} differ; see below.")
    return parts


def _numbered(steps: Sequence[Text]) -> Iterator[Cell | str]:
    for number, step in enumerate(steps[:STEPS], start=1):
        yield f" ({number}) "
        yield from step
    if len(steps) > STEPS:
        yield f" … and {len(steps) - STEPS} more."


def _steps(review: ReviewedChange) -> Iterator[Text]:
    seen: set[str] = set()
    for _, finding in review.findings:
        if finding.hint is not None and str(finding.hint) not in seen:
            seen.add(str(finding.hint))
            yield _as_sentence(_way_out(finding.hint)[1:])
    for state in ("fail", "open", "not judged"):
        for found in review.gates_in(state):
            gate = found.gate
            names_file = gate.reason.startswith("'")  # of a pickle, and is a sentence of its own
            reason = f"{':' if names_file else ''} {gate.reason}"
            yield f"{found.model}: ", code(gate.label), reason, *_way_out(gate.way_out), "."
    for model in review.models:
        after = model.change.after
        if model.number is not None and after is not None:
            again = propose_again(after, "--version", model.number.version)
            why = f": {model.number.why}, as far as the files tell ("
            yield f"Call {model.model} ", strong(model.number.version), why, code(str(again)), ")."


def _as_sentence(step: Text) -> Text:
    """A next step as a sentence of its own: words as they are, a command as something to try."""
    words = step[0]
    return (f"{words[:1].upper()}{words[1:]}.",) if isinstance(words, str) else ("Try ", *step, ".")


def _way_out(step: NextStep | None) -> Text:
    """A next step after a semicolon; a command is code, which people copy as it is."""
    if step is None:
        return ()
    command, gap, rest = str(step).partition("   (")
    if isinstance(step, str) and not command.startswith("git "):
        return ("; ", step)
    return ("; ", code(command), *([f" ({rest}"] if gap else []))


def _rows(review: ReviewedChange) -> Iterator[GridRow]:
    yield from map(model_row, by_state(review))
    yield from map(_place_row, review.environments)
    yield from map(_place_row, review.endpoints)


def _place_row(place: PlaceChange) -> GridRow:
    before, after = place.before or "none", place.after or "none"
    words = f"{place.model}: {place.words}" if place.words else place.model
    weight = KEPT if place.error is not None else USUAL
    return GridRow(
        ((strong(place.name),), (unbroken(f"{before} → {after}"),), _place_gates(place), (words,)), weight
    )


def _place_gates(place: PlaceChange) -> Text:
    return gates_text(place.gates) if place.gates else ()


def _policy_words(policy: PolicyChange) -> str:
    if policy.error is not None:
        return "cannot be read"
    return policy.words if not policy.keys else f"{counted(len(policy.keys), 'key')} changed"


def _alerts(review: ReviewedChange) -> Iterator[Paragraph]:
    for rule in review.loosened:
        change = unbroken(f"{rule.before} → {rule.after}")
        text = ("This change loosens its own rule: ", code(rule.key), f" {change} in ", code(rule.path))
        yield Paragraph(
            (*text, f". Judged by {review.range.base_name}: {rule.before}."), IMPORTANT, alert=True
        )
    for policy in review.policy:
        if policy.alert:
            yield Paragraph((code(policy.path), f": {policy.alert}."), IMPORTANT, alert=True)


def _rules(review: ReviewedChange) -> Iterator[Block]:
    parts: list[Cell | str] = []
    loosened = {(rule.path, rule.key) for rule in review.loosened}
    for policy in review.policy:
        parts += ["; " if parts else " ", code(policy.path), f" {_policy_words(policy)}"]
    if parts:
        yield Paragraph((strong("Rules:"), *parts, "."))
    rows = [
        GridRow(((code(rule.key),), (rule.before or "",), (rule.after or "",), (code(policy.path),)))
        for policy in review.policy
        for rule in policy.keys
        if (policy.path, rule.key) not in loosened
    ]
    if rows:
        columns = tuple(Column(title, flexible=True) for title in ("rule", "before", "after", "file"))
        yield Details(
            (f"{counted(len(rows), 'rule')} changed without being loosened",), [Grid(columns, rows)]
        )
