"""Reading an endpoint's metrics from where they are: the running gateway, or a Prometheus server.

Imports nothing of the serving extra.  Snapshots that were recorded are read back with
`EndpointMetrics.from_json`.
"""

import re
from dataclasses import replace
from math import isfinite
from pathlib import Path

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.local.admin_client import engine_metrics
from regolo_git.serving.metrics.prometheus import prometheus_metrics
from regolo_git.serving.metrics.values import EndpointMetrics, without_requests

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
WINDOW = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)


def read_endpoint_metrics(
    endpoint: Endpoint,
    *,
    common_directory: Path,
    window: str | float = "5m",
    prometheus: str | None = None,
) -> EndpointMetrics:
    """The endpoint's metrics: from `prometheus` where its URL is given, else from the running gateway.

    Where nothing serves the endpoint every version has no requests and no rates, and `source` is "none".
    Each version of the desired state is there, even before it is served.  Raises InvalidInput,
    TransportError, ServingError where a gateway runs but does not answer.
    """
    seconds = parse_window(window)
    if prometheus is not None:
        found = prometheus_metrics(prometheus, endpoint.endpoint, seconds)
    else:
        try:
            found = EndpointMetrics.from_json(engine_metrics(common_directory, endpoint.endpoint, seconds))
        except NotFound:
            return without_requests(endpoint, seconds)
    return with_every_version(found, endpoint)


def with_every_version(found: EndpointMetrics, endpoint: Endpoint) -> EndpointMetrics:
    """The metrics with the endpoint's other versions too, which have no requests."""
    empty = without_requests(endpoint, found.window_seconds)
    unserved = {name: version for name, version in empty.version.items() if name not in found.version}
    return replace(found, version={**found.version, **unserved})


def parse_window(window: str | float) -> float:
    """Seconds of `90`, `30s`, `5m`, `2h` or `1d`.  Raises InvalidInput."""
    match = WINDOW.fullmatch(window.strip() if isinstance(window, str) else repr(window))
    seconds = float(match[1]) * UNITS[match[2]] if match is not None else 0.0
    if not isfinite(seconds) or seconds <= 0:
        raise InvalidInput(f"window '{window}' is no length of time", "a window reads 30s, 5m, 2h or 1d")
    return seconds
