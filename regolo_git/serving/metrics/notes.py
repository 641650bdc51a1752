"""Recorded metrics: snapshots in Git notes on the commits of the versions.

Notes are outside the history, so diffs under review stay clean; each line is one snapshot, the newest last.
"""

import json
from datetime import UTC, datetime

from regolo_git.errors import InvalidInput
from regolo_git.git.note_text import read_note
from regolo_git.git.notes import append_note
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.endpoints.history import endpoint_history
from regolo_git.registry.handle import Handle
from regolo_git.serving.metrics.values import EndpointMetrics

NOTES = "refs/notes/regolo-metrics"


def record(handle: Handle, endpoint: Endpoint, metrics: EndpointMetrics) -> None:
    """Records a snapshot on the commit of every version.  Raises InvalidInput if nothing serves them."""
    if metrics.source in ("none", "recorded"):
        raise InvalidInput(
            f"endpoint '{endpoint.endpoint}' is not being served, so there is nothing to record",
            Hint("serve", endpoint.endpoint),
        )
    snapshot = {**metrics.to_json(), "recorded": datetime.now(UTC).isoformat()}
    line = json.dumps(snapshot, sort_keys=True, separators=(",", ":"))
    for commit in sorted({pin.commit for pin in endpoint.versions.values()}):
        append_note(handle.git, commit, NOTES, line)


def last_recorded(handle: Handle, endpoint: Endpoint) -> EndpointMetrics | None:
    """The newest snapshot of an endpoint; None if there is none.

    It is on the commits of the versions that the endpoint had then, which may not be its current ones.
    """
    states = [event.endpoint for event in endpoint_history(handle, endpoint.endpoint)]
    commits = {pin.commit for state in states if state is not None for pin in state.versions.values()}
    notes = [read_note(handle.git, commit, NOTES) or "" for commit in commits]
    read = [_read_snapshot(line) for text in notes for line in text.splitlines()]
    ours = [found for found in read if found is not None and found[1].endpoint == endpoint.endpoint]
    return max(ours, key=lambda found: found[0])[1] if ours else None


def _read_snapshot(line: str) -> tuple[datetime, EndpointMetrics] | None:
    """The time and the metrics of a snapshot; None for any other line, as written by `git notes append`."""
    try:
        held = json.loads(line)
        when = JsonReader.of(held, "a snapshot").get("recorded", str)
        metrics = EndpointMetrics.from_json({**held, "source": "recorded"})
        return datetime.fromisoformat(when).astimezone(UTC), metrics
    except (ValueError, RecursionError, InvalidInput):
        return None
