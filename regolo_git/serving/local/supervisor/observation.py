"""Observing a running engine: its status for the operator, its metrics for Prometheus and for callers."""

import os
import time
from datetime import UTC, datetime, timedelta

from regolo_git.errors import NotFound, RegoloError
from regolo_git.hints import on_command_line
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.supervisor.endpoint_runner import EndpointRunner
from regolo_git.serving.local.supervisor.supervisor import Supervisor
from regolo_git.serving.metrics.counts import Key, Tally
from regolo_git.serving.metrics.exposition import Exposition, ServedVersion
from regolo_git.serving.metrics.values import EndpointMetrics, Measured, summarize


def status(engine: Supervisor) -> dict[str, Json]:
    """What runs, and its problems."""
    return {
        "process": os.getpid(),
        "head": engine.branch.head,
        "problem": engine.branch.problem,
        "gateways": [gateway.status() for gateway in engine.gateways.running],
        "gateway_problem": engine.gateways.problem,
        "endpoints": {name: _endpoint(runner) for name, runner in engine.runners.items()},
    }


def _endpoint(runner: EndpointRunner) -> dict[str, Json]:
    observed, wanted = runner.observed, runner.wanted
    is_behind = observed is None or (wanted is not None and observed.endpoint != wanted.endpoint)
    if runner.problem is not None:
        state = "failed"
    else:
        state = "starting" if is_behind else "serving"
    return {
        "state": state,
        "desired_commit": wanted.commit if wanted is not None else None,
        "observed_commit": observed.commit if observed is not None else None,
        "problem": _words(runner.problem),
        "hint": on_command_line(runner.problem.hint) if runner.problem is not None else None,
        "versions": _versions(runner),
        "kept_warm": runner.replica_sets.kept_warm,
    }


def _versions(runner: EndpointRunner) -> dict[str, Json]:
    if runner.in_force is None:
        return {}
    versions: dict[str, Json] = {}
    for version, plan in runner.in_force.plans.items():
        workers = runner.replica_sets.sets[plan.key]
        versions[version] = {
            "weight": runner.in_force.state.endpoint.traffic[version],
            "shadow": runner.in_force.state.endpoint.shadow.get(version, 0.0),
            "replicas": plan.replicas,
            "ready": len(workers.ready),
            "restarts": workers.restarts,
            "problem": _words(workers.problem),
            "workers": [replica.name for replica in workers.ready],
        }
    return versions


def _words(problem: RegoloError | None) -> str | None:
    return problem.message if problem is not None else None


async def metrics(engine: Supervisor, endpoint: str, seconds: float) -> EndpointMetrics:
    """The metrics of an endpoint's versions over the last `seconds`.  Raises NotFound."""
    runner = engine.runners.get(endpoint)
    if runner is None:
        raise NotFound(f"endpoint '{endpoint}' is not being served")
    await engine.gateways.report()
    window = engine.counts.read(seconds, time.monotonic())
    tallies = {version: tally for (name, version), tally in window.tallies.items() if name == endpoint}
    served = {key[1]: version for key, version in served_versions(engine).items() if key[0] == endpoint}
    return summarize(
        endpoint,
        {v: _measured(tallies.get(v, Tally()), served.get(v)) for v in served | tallies},
        window_seconds=window.seconds,
        source="gateway",
        commit=runner.observed.commit if runner.observed is not None else None,
        since=datetime.now(UTC) - timedelta(seconds=window.seconds),
    )


def _measured(tally: Tally, served: ServedVersion | None) -> Measured:
    if served is None:
        return Measured.of(tally, weight=0.0, replicas_ready=0)
    weight, ready, shadow = served.weight, served.replicas_ready, served.shadow
    return Measured.of(tally, weight=weight, replicas_ready=ready, shadow=shadow)


async def exposition(engine: Supervisor) -> bytes:
    """The Prometheus exposition, with every count up to now."""
    await engine.gateways.report()
    return Exposition(
        engine.started_at.timestamp(),
        engine.counts.totals,
        engine.gateways.in_flight(),
        served_versions(engine),
    ).text()


def served_versions(engine: Supervisor) -> dict[Key, ServedVersion]:
    """Every version in the current table."""
    served: dict[Key, ServedVersion] = {}
    for name, runner in engine.runners.items():
        for version, plan in (runner.in_force.plans if runner.in_force is not None else {}).items():
            assert runner.in_force is not None
            workers, state = runner.replica_sets.sets[plan.key], runner.in_force.state
            served[name, version] = ServedVersion(
                state.endpoint.traffic[version],
                len(workers.ready),
                workers.restarts,
                state.commit,
                state.endpoint.shadow.get(version, 0.0),
            )
    return served
