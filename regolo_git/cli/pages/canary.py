"""A canary, for output: its state in words, and its evidence against both bounds."""

import sys
from datetime import UTC, datetime
from math import isclose

from regolo_git.cli.columns import Column
from regolo_git.cli.forms import Json
from regolo_git.cli.streams import paint, put
from regolo_git.cli.tables import put_pairs, put_table
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.paths import endpoint_path
from regolo_git.registry.endpoints.history import ABORT, ROLL_BACK
from regolo_git.serving.canary.decision import metric_text
from regolo_git.serving.canary.status import ArmTotals, CanaryStatus, Ended, Measured, MetricStatus
from regolo_git.text.numbers import percent_text, share_text
from regolo_git.text.times import local_time, relative_time

WORDS = {"roll_back": "roll back", "promote": "promote", "hold": "hold"}
ENDINGS = {
    ROLL_BACK: "rolled back",
    ABORT: "aborted",
    "canary-promote": "promoted",
    "canary-end": "ended, because its split was changed by hand",
}
COLUMNS = (
    Column("METRIC"),
    Column("QUESTION"),
    Column("EVIDENCE", right=True),
    Column("ENOUGH AT", right=True),
    Column("SO", flexible=True),
)
ARMS = (Column("VERSION"), Column("METRIC"), Column("REQUESTS", right=True), Column("FAILED", right=True))
QUESTIONS = {"worse": "worse?", "not_worse": "not worse?"}


def canary_document(endpoint: Endpoint, commit: str) -> dict[str, Json]:
    """An endpoint after an act on its canary, as a JSON document."""
    return {**endpoint.to_dict(), "commit": commit}


def put_canary(found: CanaryStatus) -> None:
    """Prints the page of one canary."""
    if found.candidate is None:
        put(f"{found.endpoint}  no canary runs")
        if found.ended is not None:
            put("")
            put_pairs(_ending(found, found.ended))
        return
    beside = f", beside {found.baseline}" if found.baseline is not None else ", changed by hand"
    share = share_text(found.share or 0)
    put(f"{found.endpoint}  canary of {found.model}@{found.candidate} at {share}{beside}")
    put("")
    put_pairs(_facts(found))
    if found.measured is not None:
        _put_evidence(found, found.measured)


def _ending(found: CanaryStatus, ended: Ended) -> list[tuple[str, str]]:
    how = ENDINGS.get(ended.action, f"ended by '{ended.action}'")
    facts = [
        ("Last canary", f"of {ended.candidate}: {how}, {local_time(ended.when)}, in {ended.commit[:8]}"),
        ("Why", ended.reason),
    ]
    if ended.digest in found.rejected:
        facts.append(("Ruled out", ended.digest))
        facts.append(("", f"to allow it again, remove it from 'rejected' in {endpoint_path(found.endpoint)}"))
    return facts


def _facts(found: CanaryStatus) -> list[tuple[str, str]]:
    """What happens and why, then what a person may do about it."""
    return [
        *(_words(found.measured) if found.measured is not None else [("Evidence", "none on this machine")]),
        ("Step", _step(found)),
        ("Decided by", found.decided_by or f"nobody: {Hint('serve', '--canary')}"),
        ("More traffic", _more_traffic(found)),
        ("To end it", str(Hint("canary abort", found.endpoint))),
    ]


def _step(found: CanaryStatus) -> str:
    """Where its share is among the steps, which may have been edited since it got it."""
    assert found.share is not None
    assert found.next_share is not None
    assert found.since is not None
    share, steps = found.share, " ".join(share_text(step) for step in found.steps)
    since = f"since {local_time(found.since)}"
    place = next((place for place, step in enumerate(found.steps, 1) if isclose(step, share)), None)
    if place is not None:
        return f"{place} of {len(found.steps)} ({steps}), {since}"
    next_share = share_text(found.next_share)
    return f"{share_text(share)}, {since}; not a step any more ({steps}), next is {next_share}"


def _words(measured: Measured) -> list[tuple[str, str]]:
    facts = [("Verdict", f"{WORDS.get(measured.verdict, '?')}: {measured.reason}")]
    if measured.waiting is not None:
        facts.append(("Waiting", f"{measured.waiting}; it is tried again"))
    age = relative_time(measured.when, datetime.now(UTC))
    facts.append(
        ("Measured", age if measured.is_fresh else f"{age}; nobody does now: {Hint('serve', '--canary')}")
    )
    return facts


def _more_traffic(found: CanaryStatus) -> str:
    if found.measured is not None and found.measured.verdict == "roll_back":
        return "none: it is being rolled back"
    if found.held:
        return f"held; to go on: {Hint('canary hold', found.endpoint, '--resume')}"
    return "by itself" if found.promotes_itself else str(Hint("canary promote", found.endpoint))


def _put_evidence(found: CanaryStatus, measured: Measured) -> None:
    put("")
    put(paint("Evidence", sys.stdout, bold=True))
    put_table(
        COLUMNS,
        [
            (
                _metric(metric),
                QUESTIONS.get(metric.direction, metric.direction),
                f"{metric.log_evidence:.2f}",
                f"{metric.bound:.2f}",
                _so(metric),
            )
            for metric in measured.metrics
        ],
        indent=2,
    )
    put("")
    arms = {_metric(metric): metric for metric in measured.metrics}
    put_table(
        ARMS,
        [
            row
            for name, metric in arms.items()
            for row in (
                _arm(found.baseline or "", name, metric.baseline),
                _arm(measured.candidate, name, metric.candidate),
            )
        ],
        indent=2,
    )


def _metric(metric: MetricStatus) -> str:
    return metric_text(metric.name, metric.limit_ms)


def _so(metric: MetricStatus) -> str:
    """What the evidence says, in words."""
    if metric.log_evidence >= metric.bound:
        return "it is worse" if metric.direction == "worse" else "it is not worse"
    if metric.log_evidence <= 0:
        return "nothing speaks for it"
    return f"{metric.log_evidence / metric.bound:.0%} of what is needed"


def _arm(version: str, name: str, arm: ArmTotals) -> tuple[str, ...]:
    share = percent_text(arm.failures / arm.requests) if arm.requests else percent_text(None)
    return version, name, str(arm.requests), f"{arm.failures} ({share})"
