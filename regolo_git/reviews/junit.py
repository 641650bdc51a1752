"""Writes a review as a JUnit report, which hosts show beside a pull request: a test case for each gate."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from regolo_git.reviews.document import plain
from regolo_git.reviews.findings import WRONG
from regolo_git.reviews.review_page import heading
from regolo_git.reviews.reviewed_change import ReviewedChange
from regolo_git.text.printable import without_controls
from regolo_git.verdict.gate_result import GateResult

# What XML 1.0 cannot have, not even as an entity.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME = "regolo review"


def review_to_junit(review: ReviewedChange) -> str:
    """The report as XML."""
    cases = [*_findings(review), *_gates(review)]
    counts = {kind: sum(f"<{kind} " in case for case in cases) for kind in ("failure", "error", "skipped")}
    head = (
        f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
        f' skipped="{counts["skipped"]}"'
    )
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites name={_attribute(NAME)} {head}>",
            f"<testsuite name={_attribute(plain(heading(review)))} {head}>",
            *cases,
            "</testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _findings(review: ReviewedChange) -> Iterator[str]:
    for path, finding in review.findings:
        kind = "error" if finding.exit_code == WRONG else "skipped"
        hint = f"; {finding.hint}" if finding.hint is not None else ""
        yield _case(path, "bytes, seal and manifest", kind, f"{finding.what}{hint}")


def _gates(review: ReviewedChange) -> Iterator[str]:
    for found in review.gates:
        gate = found.gate
        yield _case(found.model, f"{gate.label} {gate.rule}", _kind(gate), gate.reason)


def _kind(gate: GateResult) -> str:
    return {"pass": "", "fail": "failure"}.get(gate.state, "skipped")


def _case(group: str, name: str, kind: str, message: str) -> str:
    head = f"<testcase classname={_attribute(group)} name={_attribute(name)}"
    return f"{head}/>" if not kind else f"{head}><{kind} message={_attribute(message)}/></testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    return ILLEGAL.sub("?", without_controls(text))
