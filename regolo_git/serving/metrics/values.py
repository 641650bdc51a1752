"""The metrics of an endpoint's versions as callers see them, whatever their source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import sqrt
from typing import Literal, Self, TypedDict, cast, get_args

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.metrics.counts import Tally
from regolo_git.serving.metrics.latency import quantile
from regolo_git.serving.metrics.shadow_values import (
    ShadowMetrics,
    read_shadow_metrics,
    shadow_json,
    shadow_metrics,
    with_share,
)

Origin = Literal["gateway", "prometheus", "stopped", "recorded", "none"]
Z95 = 1.959963984540054


class VersionMetrics(TypedDict):
    """One version over the window.  A rate over no requests is None, never 0; latencies are seconds.

    `errors` are requests whose caller got a 5xx.  The callers' own mistakes are `client_errors`, and those
    whose caller hung up before the answer are `abandoned`; both count in `requests` only.  The 95 % Wilson
    interval `error_rate_ci` is for display, not for decisions.  `shadow` is what the version did with copies
    of requests, which count nowhere else; None if it got none.
    """

    requests: int
    errors: int
    client_errors: int
    abandoned: int
    error_rate: float | None
    error_rate_ci: tuple[float, float] | None
    latency_p50: float | None
    latency_p95: float | None
    latency_p99: float | None
    rps: float | None
    weight: float
    observed_share: float | None
    replicas_ready: int | None
    source: Origin
    since: datetime | None
    shadow: ShadowMetrics | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The counts and latencies of one version over the window of a source."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    abandoned: int = 0
    latency_p50: float | None = None
    latency_p95: float | None = None
    latency_p99: float | None = None
    weight: float = 0.0
    replicas_ready: int | None = None
    shadow: ShadowMetrics | None = None

    @classmethod
    def of(cls, tally: Tally, *, weight: float, replicas_ready: int | None, shadow: float = 0.0) -> Self:
        """What a gateway counted; `shadow` is the share of the requests that are copied to the version."""
        p50, p95, p99 = (quantile(tally.bins, share, tally.longest) for share in (0.5, 0.95, 0.99))
        return cls(
            requests=tally.requests,
            errors=tally.errors,
            client_errors=tally.client_errors,
            abandoned=tally.abandoned,
            latency_p50=p50,
            latency_p95=p95,
            latency_p99=p99,
            weight=weight,
            replicas_ready=replicas_ready,
            shadow=shadow_metrics(tally.shadow, shadow),
        )


@dataclass(frozen=True, slots=True)
class EndpointMetrics:
    """Every version of an endpoint over one window; `commit` is the desired state that was in force.

    The window ends now or, if the `source` is "stopped", when the server stopped.
    """

    endpoint: str
    window_seconds: float
    source: Origin
    commit: str | None
    since: datetime | None
    version: Mapping[str, VersionMetrics]

    def to_json(self) -> dict[str, Json]:
        """All values in JSON."""
        return {
            "endpoint": self.endpoint,
            "window_seconds": self.window_seconds,
            "source": self.source,
            "commit": self.commit,
            "since": _time_text(self.since),
            "version": {name: _version_json(held) for name, held in self.version.items()},
        }

    def to_dict(self) -> dict[str, Json]:
        """The same, under the name that the other values have."""
        return self.to_json()

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        reader = JsonReader.of(value, "the metrics")
        return cls(
            endpoint=reader.get("endpoint", str),
            window_seconds=reader.get("window_seconds", float),
            source=_read_origin(reader),
            commit=reader.get_optional("commit", str),
            since=_read_time(reader, "since"),
            version={name: _read_version(held) for name, held in reader.named_objects("version")},
        )


def summarize(
    endpoint: str,
    measured: Mapping[str, Measured],
    *,
    window_seconds: float,
    source: Origin,
    commit: str | None,
    since: datetime | None,
) -> EndpointMetrics:
    """Computes rates, intervals and shares."""
    total = sum(version.requests for version in measured.values())
    versions = {name: _version(held, total, window_seconds, source, since) for name, held in measured.items()}
    return EndpointMetrics(endpoint, window_seconds, source, commit, since, versions)


def without_requests(endpoint: Endpoint, window_seconds: float) -> EndpointMetrics:
    """The metrics of an endpoint without a source: weights, no requests, no rates."""
    measured = {
        version: Measured(weight=weight, shadow=shadow_metrics(None, endpoint.shadow.get(version, 0.0)))
        for version, weight in endpoint.traffic.items()
    }
    return summarize(
        endpoint.endpoint, measured, window_seconds=window_seconds, source="none", commit=None, since=None
    )


def with_weights_of(found: EndpointMetrics, endpoint: Endpoint) -> EndpointMetrics:
    """Sets the weights, and the shares of shadows, to those of the desired state."""
    versions = {
        name: VersionMetrics(
            {
                **held,
                "weight": endpoint.traffic.get(name, 0.0),
                "shadow": with_share(held["shadow"], endpoint.shadow.get(name, 0.0)),
            }
        )
        for name, held in found.version.items()
    }
    return replace(found, version=versions)


def with_every_version(found: EndpointMetrics, endpoint: Endpoint) -> EndpointMetrics:
    """Adds the endpoint's versions that are missing, without requests."""
    empty = without_requests(endpoint, found.window_seconds)
    unserved = {name: version for name, version in empty.version.items() if name not in found.version}
    return replace(found, version={**found.version, **unserved})


def _version(
    held: Measured, total: int, seconds: float, source: Origin, since: datetime | None
) -> VersionMetrics:
    return VersionMetrics(
        requests=held.requests,
        errors=held.errors,
        client_errors=held.client_errors,
        abandoned=held.abandoned,
        error_rate=held.errors / held.requests if held.requests else None,
        error_rate_ci=wilson_interval(held.errors, held.requests),
        latency_p50=held.latency_p50,
        latency_p95=held.latency_p95,
        latency_p99=held.latency_p99,
        rps=held.requests / seconds if held.requests and seconds else None,
        weight=held.weight,
        observed_share=held.requests / total if total else None,
        replicas_ready=held.replicas_ready,
        source=source,
        since=since,
        shadow=held.shadow,
    )


def wilson_interval(errors: int, requests: int) -> tuple[float, float] | None:
    """The 95 % interval of a share; None over no requests."""
    if not requests:
        return None
    share, square = errors / requests, Z95 * Z95
    middle = share + square / (2 * requests)
    spread = Z95 * sqrt(share * (1 - share) / requests + square / (4 * requests * requests))
    scale = 1 + square / requests
    # At the ends, rounding would give 1e-18 instead of 0.
    low = (middle - spread) / scale if errors else 0.0
    high = (middle + spread) / scale if errors < requests else 1.0
    return low, high


def _version_json(held: VersionMetrics) -> Json:
    interval = held["error_rate_ci"]
    return {
        **cast(dict[str, Json], held),
        "error_rate_ci": list(interval) if interval is not None else None,
        "since": _time_text(held["since"]),
        "shadow": shadow_json(held["shadow"]),
    }


def _time_text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time is not None else None


def _read_time(reader: JsonReader, key: str) -> datetime | None:
    text = reader.get_optional(key, str)
    try:
        return datetime.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise reader.wrong(key, "is not a time") from error


def _read_origin(reader: JsonReader) -> Origin:
    origin = reader.get("source", str)
    if origin not in get_args(Origin):
        raise reader.wrong("source", f"is not one of {', '.join(get_args(Origin))}")
    return cast(Origin, origin)


def _read_version(reader: JsonReader) -> VersionMetrics:
    return VersionMetrics(
        requests=reader.get("requests", int),
        errors=reader.get("errors", int),
        client_errors=reader.get("client_errors", int),
        # Snapshots of release 0.1 have none.
        abandoned=reader.get_optional("abandoned", int) or 0,
        error_rate=reader.get_optional("error_rate", float),
        error_rate_ci=_read_interval(reader),
        latency_p50=reader.get_optional("latency_p50", float),
        latency_p95=reader.get_optional("latency_p95", float),
        latency_p99=reader.get_optional("latency_p99", float),
        rps=reader.get_optional("rps", float),
        weight=reader.get("weight", float),
        observed_share=reader.get_optional("observed_share", float),
        replicas_ready=reader.get_optional("replicas_ready", int),
        source=_read_origin(reader),
        since=_read_time(reader, "since"),
        shadow=read_shadow_metrics(reader),
    )


def _read_interval(reader: JsonReader) -> tuple[float, float] | None:
    if reader.get_optional("error_rate_ci", list) is None:
        return None
    low, high = reader.list_of("error_rate_ci", float)
    return low, high
