"""What a version's worker says of its model: its metadata, and Triton's configuration."""

import json
from typing import NamedTuple

from regolo_git.records.json_reader import Json
from regolo_git.serving.local.gateway.exchange import NoAnswer
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.upstream import choose_upstream
from regolo_git.serving.traffic.routing_table import WeightedVersion


class NoWorker(Exception):
    """No worker of the version is ready."""


class WorkerPage(NamedTuple):
    """What a worker answered."""

    status: int
    value: dict[str, Json]


async def worker_page(live: LiveRoute, chosen: WeightedVersion, page: str) -> WorkerPage | None:
    """A page of one of the version's workers, such as `/config`; None without a sound answer.

    Raises NoWorker.
    """
    upstream = choose_upstream(live.lines[chosen.version].upstreams, ())
    if upstream is None:
        raise NoWorker(f"version '{chosen.version}' has no worker that is ready")
    try:
        answer = await upstream.get(chosen.model_path_in(live.route.endpoint) + page)
        said = json.loads(await answer.read())
    except (NoAnswer, ValueError, RecursionError):
        return None
    return WorkerPage(answer.status, said) if isinstance(said, dict) else None
