"""What a canary controller is told of an endpoint: the counts of a block of time, and how its workers do."""

import os
import time

from regolo_git.errors import NotFound, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.supervisor.endpoint_runner import EndpointRunner, is_for_want_of_space
from regolo_git.serving.local.supervisor.replica_set import ReplicaSet
from regolo_git.serving.local.supervisor.supervisor import Supervisor


async def close_block(engine: Supervisor, endpoint: str) -> dict[str, Json]:
    """Ends a block of time, and returns the totals since the engine began to compare.

    `source` changes whenever they begin at zero again, `time` is monotonic.  `traffic` is what every gateway
    uses.  Raises NotFound for an endpoint that is not served.
    """
    runner = engine.runners.get(endpoint)
    if runner is None:
        raise NotFound(f"endpoint '{endpoint}' is not being served")
    await engine.gateways.report()
    state = runner.observed
    withheld = engine.withheld.version(state.endpoint) if state is not None else None
    return {
        "source": f"{os.getpid()}-{engine.started_at.isoformat()}",
        "time": time.monotonic(),
        "traffic": dict(state.endpoint.traffic) if state is not None else None,
        "arms": {version: list(counts) for version, counts in engine.watched.close_block(endpoint).items()},
        "restarts": _restarts(runner),
        "failed": _failed(runner),
        "worker_problems": _worker_problems(runner),
        "problem": runner.problem.message if runner.problem is not None else None,
        "withheld": withheld,
    }


def _restarts(runner: EndpointRunner) -> Json:
    """How often workers of each version were replaced, or their replacements did not start."""
    return {version: held.restarts + held.failed_starts for version, held in _sets(runner).items()}


def _worker_problems(runner: EndpointRunner) -> Json:
    """Why a worker of a version is missing now."""
    sets = _sets(runner).items()
    return {version: held.problem.message for version, held in sets if held.problem is not None}


def _sets(runner: EndpointRunner) -> dict[str, ReplicaSet]:
    plans = runner.in_force.plans if runner.in_force is not None else {}
    return {version: runner.replica_sets.sets[plan.key] for version, plan in plans.items()}


def _failed(runner: EndpointRunner) -> Json:
    """The versions that the branch wants and whose workers did not start or did not pass their warm-up.

    Missing bytes, models that the operator does not allow, and a full disk are no fault of a version.  But
    where nothing is served yet, what does start is not to wait for space.
    """
    if runner.in_force is not None and is_for_want_of_space(runner.problem):
        return []
    return list(runner.failed) if isinstance(runner.problem, ServingError) else []
