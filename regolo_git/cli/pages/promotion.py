"""What `promote` says beside its result: a comparison with the version that is there now, and the gates."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from regolo_git.cli.forms import Json
from regolo_git.cli.streams import paint, signs, talk
from regolo_git.errors import RegoloError
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.environments.judgement import Judgement
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.reviews.changes import VersionChanges
from regolo_git.reviews.metric_cells import difference_texts, metric_name, verdict_cell
from regolo_git.reviews.versions import compare_versions
from regolo_git.text.numbers import counted, rounded_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import signed_size_text, size_text
from regolo_git.verdict.gate_result import GateResult, GateState, counts_text

METRICS_SHOWN = 8
COLOURS: Mapping[GateState, str] = {"fail": "red", "not judged": "yellow", "open": "yellow", "pass": "green"}
Compared = VersionChanges | str


def compared(handle: Handle, judgement: Judgement) -> Compared:
    """The version compared with the one that is there now, or the reason that it is not."""
    before, after = judgement.before, judgement.version
    if before is None:
        return judgement.nothing_before
    if before.commit == after.commit:
        return "it is there already"
    try:
        return compare_versions(handle, _reference(before), _reference(after))
    except RegoloError as error:
        return f"not with {before.version}: {error.message}"


def _reference(version: ModelVersion) -> Reference:
    return Reference.of(version.model_id, Version.parse(version.version))


def talk_judgement(judgement: Judgement, found: Compared) -> None:
    """Prints the comparison and every gate that does not pass."""
    for line in _comparison_lines(found):
        talk(line)
    if judgement.results:
        talk(f"  gates     {counts_text(judgement.results)}")
    talk_gates(judgement.results)


def talk_gates(results: Sequence[GateResult]) -> None:
    """Prints every gate that does not pass."""
    for result in results:
        if result.state != "pass":
            talk(_gate_line(result))


def _comparison_lines(found: Compared) -> Iterator[str]:
    if isinstance(found, str):
        yield f"  compared  {one_line(found)}"
        return
    size = f"{size_text(found.size_b)} ({signed_size_text(found.size_diff)})"
    yield signs(f"  compared  with {found.version_a}: {', '.join([size, *_content(found)])}", sys.stderr)
    changed = [(name, change) for name, change in found.metrics.items() if change["verdict"] != "same"]
    for name, change in changed[:METRICS_SHOWN]:
        values = f"{rounded_text(change['a'], change['b'])} → {rounded_text(change['b'], change['a'])}"
        parts = (values, difference_texts(change)[0], verdict_cell(change).text)
        yield signs(
            f"    {one_line(metric_name(name, change))}  {'  '.join(filter(None, parts))}", sys.stderr
        )
    if len(changed) > METRICS_SHOWN:
        yield f"    and {counted(len(changed) - METRICS_SHOWN, 'more metric')}"


def _content(found: VersionChanges) -> Sequence[str]:
    if found.same_content:
        return ["the same content"]
    if found.tensors is None:
        return []
    counts = [
        (kind, len(found.tensors.of_kind(kind))) for kind in ("removed", "reshaped", "added", "changed")
    ]
    return [f"{counted(count, 'tensor')} {kind}" for kind, count in counts if count]


def _gate_line(result: GateResult) -> str:
    state = paint(result.state, sys.stderr, fg=COLOURS[result.state])
    way_out = f" ({result.way_out})" if result.way_out is not None else ""
    return f"    {state}  {one_line(f'{result.label}: {result.reason}{way_out}')}"


def judgement_document(judgement: Judgement, found: Compared) -> dict[str, Json]:
    """The gates and the comparison as JSON; the latter is null if there is none."""
    return {
        "gates": [result.to_dict() for result in judgement.results],
        "comparison": found.to_dict() if not isinstance(found, str) else None,
    }
