"""The metrics of an endpoint's versions as callers see them, wherever they were read from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import sqrt
from typing import Literal, Self, TypedDict, cast

from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.json_value import Json, as_json, json_list, json_number, json_object, json_text

Origin = Literal["gateway", "prometheus", "recorded", "none"]
Z95 = 1.959963984540054


class VersionMetrics(TypedDict):
    """One version over the window.  A rate over no requests is None, never 0; latencies are seconds.

    `errors` are requests whose caller got a 5xx; the callers' own mistakes are `client_errors` and count in
    `requests` only.  `error_rate_ci` is the 95 % Wilson interval, for showing, not for deciding.
    """

    requests: int
    errors: int
    client_errors: int
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


@dataclass(frozen=True, slots=True)
class Measured:
    """What a source knows of one version: counts and latencies over its window."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    latency_p50: float | None = None
    latency_p95: float | None = None
    latency_p99: float | None = None
    weight: float = 0.0
    replicas_ready: int | None = None


@dataclass(frozen=True, slots=True)
class EndpointMetrics:
    """Every version of an endpoint over one window; `commit` is the desired state that was in force."""

    endpoint: str
    window_seconds: float
    source: Origin
    commit: str | None
    since: datetime | None
    version: Mapping[str, VersionMetrics]

    def to_json(self) -> dict[str, Json]:
        """Everything, as JSON can hold it."""
        versions = {
            name: {**metrics, "since": _time_text(metrics["since"]), "error_rate_ci": _pair(metrics)}
            for name, metrics in self.version.items()
        }
        return {
            "endpoint": self.endpoint,
            "window_seconds": self.window_seconds,
            "source": self.source,
            "commit": self.commit,
            "since": _time_text(self.since),
            "version": as_json(versions),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        table = json_object(value, "the metrics")
        try:
            return cls(
                endpoint=json_text(table["endpoint"], "'endpoint'"),
                window_seconds=json_number(table["window_seconds"], "'window_seconds'"),
                source=cast(Origin, json_text(table["source"], "'source'")),
                commit=cast(str | None, table["commit"]),
                since=_read_time(table["since"]),
                version={
                    name: _read_version(json_object(held, f"'{name}'"))
                    for name, held in json_object(table["version"], "'version'").items()
                },
            )
        except (KeyError, ValueError) as error:
            raise InvalidInput(f"the metrics lack or break {error}") from error


def summarise(
    endpoint: str,
    measured: Mapping[str, Measured],
    *,
    window_seconds: float,
    source: Origin,
    commit: str | None,
    since: datetime | None,
) -> EndpointMetrics:
    """Rates, intervals and shares from what a source measured."""
    total = sum(version.requests for version in measured.values())
    versions = {name: _version(held, total, window_seconds, source, since) for name, held in measured.items()}
    return EndpointMetrics(endpoint, window_seconds, source, commit, since, versions)


def without_requests(endpoint: Endpoint, window_seconds: float) -> EndpointMetrics:
    """The metrics of an endpoint that nobody has measured: its weights, no requests, no rates."""
    measured = {version: Measured(weight=weight) for version, weight in endpoint.traffic.items()}
    return summarise(
        endpoint.endpoint, measured, window_seconds=window_seconds, source="none", commit=None, since=None
    )


def with_every_version(found: EndpointMetrics, endpoint: Endpoint) -> EndpointMetrics:
    """The metrics with the endpoint's other versions too, which have no requests."""
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
    )


def wilson_interval(errors: int, requests: int) -> tuple[float, float] | None:
    """The 95 % interval of a share; None over no requests."""
    if not requests:
        return None
    share, square = errors / requests, Z95 * Z95
    middle = share + square / (2 * requests)
    spread = Z95 * sqrt(share * (1 - share) / requests + square / (4 * requests * requests))
    scale = 1 + square / requests
    # At the ends rounding would leave 1e-18 where 0 is meant.
    low = (middle - spread) / scale if errors else 0.0
    high = (middle + spread) / scale if errors < requests else 1.0
    return low, high


def _pair(metrics: VersionMetrics) -> Json:
    interval = metrics["error_rate_ci"]
    return list(interval) if interval is not None else None


def _time_text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time is not None else None


def _read_time(value: Json) -> datetime | None:
    return datetime.fromisoformat(json_text(value, "'since'")) if value is not None else None


def _read_version(table: dict[str, Json]) -> VersionMetrics:
    missing = VersionMetrics.__required_keys__ - table.keys()
    if missing:
        raise KeyError(min(missing))
    interval = table["error_rate_ci"]
    read: dict[str, object] = {key: table[key] for key in VersionMetrics.__annotations__}
    read["since"] = _read_time(table["since"])
    if interval is not None:
        low, high = json_list(interval, "'error_rate_ci'")
        read["error_rate_ci"] = (json_number(low, "'low'"), json_number(high, "'high'"))
    return cast(VersionMetrics, read)
