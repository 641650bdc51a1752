"""Writes a review as workflow commands of GitHub, which annotate the lines of manifests.

A workflow obeys each line of its output that begins with `::`, so line ends and the signs that separate the
parts of a command are escaped in all text.
"""

from collections.abc import Iterator, Mapping

from regolo_git.reviews.document import plain
from regolo_git.reviews.findings import WRONG
from regolo_git.reviews.review_page import heading
from regolo_git.reviews.reviewed_change import ReviewedChange
from regolo_git.text.printable import without_controls
from regolo_git.verdict.gate_result import GateState

LEVELS: Mapping[GateState, str] = {"fail": "error", "open": "warning", "not judged": "warning"}
ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTIES = ESCAPES | {":": "%3A", ",": "%2C"}


def review_to_annotations(review: ReviewedChange, records: Mapping[str, bytes]) -> str:
    """The commands, one a line; `records` has the bytes of the judged records by path."""
    return "".join(f"{line}\n" for line in _lines(review, records))


def _lines(review: ReviewedChange, records: Mapping[str, bytes]) -> Iterator[str]:
    yield _command("notice", {"title": "regolo review"}, plain(heading(review)))
    for path, finding in review.findings:
        level = "error" if finding.exit_code == WRONG else "warning"
        hint = f"; {finding.hint}" if finding.hint is not None else ""
        yield _command(level, {"file": path, "line": "1"}, f"{finding.what}{hint}")
    for state, level in LEVELS.items():
        for found in review.gates_in(state):
            gate = found.gate
            line = line_of(records.get(found.path, b""), gate.name)
            where = {"file": found.path, "line": str(line), "title": f"{found.model}: {gate.label}"}
            yield _command(level, where, f"{gate.rule}: {gate.reason}")


def line_of(manifest: bytes, name: str) -> int:
    """The line of a metric or key in a manifest, counted from 1; the first one if it is not there."""
    wanted = name.rpartition(".")[2] if name.startswith("metadata.") else name
    keys = (wanted, f'"{wanted}"')
    for number, line in enumerate(manifest.decode("utf-8", "replace").split("\n"), start=1):
        if line.partition("=")[0].strip() in keys:
            return number
    return 1


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    inside = ",".join(f"{key}={_escaped(value, IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{level} {inside}::{_escaped(message, ESCAPES)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    lines = without_controls(text.replace("\r", "\n"))
    return "".join(escapes.get(character, character) for character in lines)
