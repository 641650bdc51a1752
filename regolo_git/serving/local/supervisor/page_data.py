"""What the page of the gateway shows, as JSON: an endpoint's versions, rates over time, canary and commits.

Everything is bounded: three windows, so many steps each, so many commits.  What is read from the repository
and from files is read in a thread of its own, so that it never delays a change of traffic; text of others is
free of control characters.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Final

from regolo_git.errors import InvalidInput, NotFound, RegoloError
from regolo_git.records.canary import Candidate
from regolo_git.records.json_reader import Json
from regolo_git.registry.endpoints.history import EndpointEvent
from regolo_git.serving.desired import EndpointChanges, Source
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.local.supervisor.observation import metrics, status
from regolo_git.serving.local.supervisor.supervisor import Supervisor
from regolo_git.serving.local.supervisor.verdict import FRESH_SECONDS
from regolo_git.serving.local.supervisor.version_plan import WorkerPlan
from regolo_git.serving.metrics.counts import Key, Tally
from regolo_git.serving.metrics.latency import quantile
from regolo_git.serving.metrics.windows import Bucket
from regolo_git.text.commits import person
from regolo_git.text.printable import without_controls

FORMAT = 1
# The seconds of a window, and of its steps.
WINDOWS: Final = {900: 5, 3600: 60, 86400: 600}
MOST_CHANGES = 30
# A first look at a long history may take longer; then the page has the rest, and asks again.
HISTORY_SECONDS = 1.0
MOST_EVIDENCE_BYTES = 4 << 20
# What is asked again within this time, by several people who look, gets the same answer.
SAME_SECONDS = 1.0


_Read = Callable[..., Json]


class PageData:
    """Answers for the page; `source` has the commits, `directory` the canary's evidence."""

    def __init__(self, supervisor: Supervisor, source: Source, directory: RuntimeDirectory) -> None:
        self._supervisor = supervisor
        self._source = source
        self._directory = directory
        self._thread = ThreadPoolExecutor(1, "regolo-page")
        self._changes: dict[str, tuple[str, asyncio.Future[Json]]] = {}
        self._said: dict[tuple[str | None, int], tuple[float, dict[str, Json]]] = {}

    async def read(self, endpoint: str | None, window: int) -> dict[str, Json]:
        """All endpoints, and everything about one of them, the first unless it is named.

        Raises NotFound for an endpoint that is not served, InvalidInput for another window.
        """
        if window not in WINDOWS:
            raise InvalidInput(f"the window is one of {', '.join(map(str, WINDOWS))} seconds")
        runners = self._supervisor.runners
        chosen = endpoint if endpoint is not None else min(runners, default=None)
        if chosen is not None and chosen not in runners:
            raise NotFound(f"endpoint '{without_controls(chosen)[:200]}' is not being served")
        before = self._said.get((chosen, window))
        if before is not None and time.monotonic() - before[0] < SAME_SECONDS:
            return before[1]
        said = await self._read(chosen, window)
        self._said = {key: held for key, held in self._said.items() if key[0] in runners}
        self._said[chosen, window] = (time.monotonic(), said)
        return said

    def close(self) -> None:
        """Does not wait: a read in progress ends with the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _read(self, chosen: str | None, window: int) -> dict[str, Json]:
        now = status(self._supervisor)
        states = now["endpoints"]
        assert isinstance(states, dict)
        return {
            "format": FORMAT,
            "time": datetime.now(UTC).isoformat(),
            "problem": _shown(now["problem"]),
            "endpoints": list[Json](sorted(states)),
            "endpoint": await self._endpoint(chosen, window, states[chosen]) if chosen is not None else None,
        }

    async def _endpoint(self, name: str, window: int, state: Json) -> Json:
        assert isinstance(state, dict)
        measured = (await metrics(self._supervisor, name, window)).to_json()
        wanted = self._supervisor.runners[name].wanted
        candidate = wanted.endpoint.candidate if wanted is not None else None
        return {
            "name": name,
            "model": wanted.endpoint.model if wanted is not None else None,
            "environment": wanted.endpoint.environment if wanted is not None else None,
            "state": _shown(state),
            "metrics": measured["version"],
            "window_seconds": window,
            "counted_seconds": measured["window_seconds"],
            "series": self._series(name, window),
            "withheld": self._supervisor.withheld.version(wanted.endpoint) if wanted is not None else None,
            "candidate": _candidate(candidate) if candidate is not None else None,
            "canary": await self._in_thread(_evidence, self._directory.canary(name)),
            "changes": await self._changes_of(name),
        }

    def _series(self, name: str, window: int) -> Json:
        step, now, clock = WINDOWS[window], time.monotonic(), time.time()
        steps = self._supervisor.counts.series(name, window, step, now)
        versions = {key[1] for bucket in steps for key in bucket.tallies}
        return {
            "step_seconds": step,
            "time": [round(clock - bucket.age + step, 1) for bucket in steps],
            "versions": {version: _columns(steps, (name, version)) for version in sorted(versions)},
        }

    async def _changes_of(self, name: str) -> Json:
        """The newest commits that changed the endpoint; None while they are read."""
        head = self._supervisor.branch.head
        if head is None:
            return None
        known = self._changes.get(name)
        if known is None or known[0] != head:
            reading = asyncio.ensure_future(self._in_thread(self._read_changes, name, head))
            known = self._changes[name] = (head, reading)
        done, _ = await asyncio.wait([known[1]], timeout=HISTORY_SECONDS)
        return known[1].result() if done else None

    def _read_changes(self, name: str, head: str) -> Json:
        try:
            found = self._source.changes(name, head, MOST_CHANGES)
        except (RegoloError, OSError) as error:
            found = EndpointChanges((), error.message if isinstance(error, RegoloError) else str(error))
        events: list[Json] = [_event(event) for event in found.events]
        return {"events": events, "most": MOST_CHANGES, "problem": _shown(found.problem)}

    async def _in_thread(self, read: _Read, *arguments: object) -> Json:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read, *arguments)


def _columns(steps: list[Bucket], key: Key) -> Json:
    """A version's numbers, one for each step; a latency without requests is None, in milliseconds."""
    tallies = [bucket.tallies.get(key) or Tally() for bucket in steps]
    return {
        "requests": [tally.requests for tally in tallies],
        "errors": [tally.errors for tally in tallies],
        "p50_ms": [_latency(tally, 0.5) for tally in tallies],
        "p95_ms": [_latency(tally, 0.95) for tally in tallies],
    }


def _latency(tally: Tally, share: float) -> Json:
    seconds = quantile(tally.bins, share, tally.longest)
    return round(seconds * 1000, 3) if seconds is not None else None


def _candidate(candidate: Candidate) -> Json:
    """The canary that the branch has, whoever decides on it."""
    decided_by = without_controls(candidate.decided_by) if candidate.decided_by is not None else None
    return {"version": candidate.version, "held": candidate.held, "decided_by": decided_by}


def _event(event: EndpointEvent) -> Json:
    return {
        "when": event.when.astimezone(UTC).isoformat(),
        "action": without_controls(event.action)[:100],
        "by": without_controls(person(event.who))[:200],
        "commit": event.commit,
        "message": without_controls(event.message)[:500],
        "evidence": without_controls(event.evidence)[:500] if event.evidence is not None else None,
        "traffic": dict(event.endpoint.traffic) if event.endpoint is not None else None,
    }


def _evidence(path: Path) -> Json:
    """The canary's evidence as its controller has written it; None without one."""
    try:
        with path.open("rb") as file:
            age = abs(time.time() - os.fstat(file.fileno()).st_mtime)
            found = _shown(json.loads(file.read(MOST_EVIDENCE_BYTES)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return {"problem": "the evidence of the canary cannot be read"}
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return {"problem": "the evidence of the canary is of another release"}
    return {key: value for key, value in found.items() if key != "decision"} | {
        "is_fresh": age <= FRESH_SECONDS
    }


def _shown(value: Json) -> Json:
    """A value whose texts have no control characters, and whose numbers JSON can write."""
    if isinstance(value, str):
        return without_controls(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list):
        return [_shown(held) for held in value]
    return {key: _shown(held) for key, held in value.items()} if isinstance(value, dict) else value


def example_requests(supervisor: Supervisor) -> dict[str, Json]:
    """A request that an endpoint is known to answer: the first warm-up of its main version."""
    found: dict[str, Json] = {}
    for name, runner in supervisor.runners.items():
        if runner.in_force is None:
            continue
        traffic = runner.in_force.state.endpoint.traffic
        plan = runner.in_force.plans[max(traffic, key=lambda version: traffic[version])]
        if isinstance(plan, WorkerPlan) and plan.spec.warmup:
            found[name] = plan.spec.warmup[0]
    return found
