"""An endpoint's metrics from where they are: Prometheus, its engine, or the last snapshot in Git."""

from typing import Literal, get_args

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.serving.engines import load_engine
from regolo_git.serving.metrics.notes import last_recorded
from regolo_git.serving.metrics.values import (
    EndpointMetrics,
    with_every_version,
    with_weights_of,
    without_requests,
)
from regolo_git.serving.metrics.windows import parse_window

MetricsSource = Literal["auto", "gateway", "recorded"]


def endpoint_metrics(
    handle: Handle,
    name: str,
    *,
    window: str | float = "5m",
    prometheus: str | None = None,
    source: MetricsSource = "auto",
) -> EndpointMetrics:
    """The metrics of an endpoint: from Prometheus where its URL is given, else from the running gateway.

    If no gateway runs, "auto" takes what the last one counted before it stopped, or else the last recorded
    snapshot; "recorded" asks for that alone.  Every version of the desired state is included, even before it
    is served.  Raises NotFound for an unknown endpoint, InvalidInput if nothing was recorded, TransportError,
    ServingError.
    """
    seconds = parse_window(window)
    if source not in get_args(MetricsSource):
        raise InvalidInput(
            f"'{source}' is not a metrics source (known: {', '.join(get_args(MetricsSource))})"
        )
    endpoint = get_endpoint(handle, name)
    if source == "recorded":
        return _recorded(handle, endpoint)
    if prometheus is not None:
        return with_every_version(_from_prometheus(prometheus, name, seconds), endpoint)
    found = _from_engine(handle, endpoint, seconds)
    if found is not None and found.source == "stopped":
        found = with_weights_of(found, endpoint) if source == "auto" else None
    if found is None and source == "auto":
        found = last_recorded(handle, endpoint)
    return with_every_version(found or without_requests(endpoint, seconds), endpoint)


def _recorded(handle: Handle, endpoint: Endpoint) -> EndpointMetrics:
    recorded = last_recorded(handle, endpoint)
    if recorded is None:
        raise InvalidInput(
            f"nothing has been recorded for endpoint '{endpoint.endpoint}'",
            Hint("metrics", endpoint.endpoint, "--record"),
        )
    return with_every_version(recorded, endpoint)


def _from_prometheus(url: str, name: str, seconds: float) -> EndpointMetrics:
    # Its HTTP client is slow to import, and nothing else needs it.
    from regolo_git.serving.metrics.prometheus import prometheus_metrics  # noqa: PLC0415

    return prometheus_metrics(url, name, seconds)


def _from_engine(handle: Handle, endpoint: Endpoint, seconds: float) -> EndpointMetrics | None:
    """The counts of the endpoint's engine; None if it does not serve the endpoint and has kept none."""
    engine = load_engine(endpoint.engine)
    try:
        return engine.metrics(handle.paths.common_dir, endpoint.endpoint, seconds)
    except NotFound:
        return None
