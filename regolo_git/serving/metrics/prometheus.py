"""An endpoint's metrics from a Prometheus server that scrapes the gateway, over its HTTP API.

Counts are taken from the raw samples, not from `increase()`, which extrapolates and gives fractions of
requests; quantiles come from the histogram, as fine as its buckets.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from math import isfinite
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from regolo_git.errors import InvalidInput, TransportError
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.names import check_endpoint_name
from regolo_git.serving.metrics.shadow_values import ShadowMetrics, shadow_values
from regolo_git.serving.metrics.values import EndpointMetrics, Measured, summarize

ANSWER_SECONDS = 10.0
ANSWER_BYTES = 32 << 20
ERRORS = ("error", "timeout", "dropped")
QUANTILE = (
    "histogram_quantile({share}, sum by (version, le)"
    '(rate({series}_bucket{{endpoint="{endpoint}"}}[{window}])))'
)

Labels = dict[str, str]
Sample = tuple[float, float]


def prometheus_metrics(url: str, endpoint: str, seconds: float) -> EndpointMetrics:
    """The metrics of an endpoint's versions over the last `seconds`.

    Raises InvalidInput for a URL that is not http or https, TransportError if the server does not answer.
    """
    server = PrometheusServer(url)
    name = check_endpoint_name(endpoint)
    try:
        return _read(server, name, seconds)
    except (KeyError, ValueError, InvalidInput) as error:
        raise TransportError(f"'{url}' does not answer like a Prometheus server") from error


def _read(server: "PrometheusServer", name: str, seconds: float) -> EndpointMetrics:
    selector = f'{{endpoint="{name}"}}'
    commits = [labels["commit"] for labels, _ in server.vector(f"regolo_manifest_info{selector}")]
    return summarize(
        name,
        _measured(server, name, selector, seconds),
        window_seconds=seconds,
        source="prometheus",
        commit=commits[0] if len(commits) == 1 else None,
        since=datetime.now(UTC) - timedelta(seconds=seconds),
    )


def _measured(server: "PrometheusServer", name: str, selector: str, seconds: float) -> dict[str, Measured]:
    window = f"{max(1, round(seconds))}s"
    counts = _counts(server, f"regolo_requests_total{selector}", "outcome", window, seconds)
    p50, p95, p99 = _quantiles(server, "regolo_request_duration_seconds", name, window)
    shadows = _shadows(server, name, selector, window, seconds)
    weights = server.by_version(f"regolo_traffic_weight{selector}")
    ready = server.by_version(f"regolo_replicas_ready{selector}")
    return {
        version: Measured(
            requests=sum(count for (v, _), count in counts.items() if v == version),
            errors=sum(counts.get((version, outcome), 0) for outcome in ERRORS),
            client_errors=counts.get((version, "client_error"), 0),
            abandoned=counts.get((version, "abandoned"), 0),
            latency_p50=p50.get(version),
            latency_p95=p95.get(version),
            latency_p99=p99.get(version),
            weight=weights.get(version, 0.0),
            replicas_ready=int(ready[version]) if version in ready else None,
            shadow=shadows.get(version),
        )
        for version in sorted(weights.keys() | shadows.keys() | {version for version, _ in counts})
    }


def _quantiles(server: "PrometheusServer", series: str, name: str, window: str) -> list[dict[str, float]]:
    """The latency by version that 50, 95 and 99 percent stay below."""
    queries = (
        QUANTILE.format(share=share, series=series, endpoint=name, window=window)
        for share in (0.5, 0.95, 0.99)
    )
    return [server.by_version(query) for query in queries]


def _shadows(
    server: "PrometheusServer", name: str, selector: str, window: str, seconds: float
) -> dict[str, ShadowMetrics]:
    """What shadows did with their copies, by version."""
    shares = server.by_version(f"regolo_shadow_share{selector}")
    copies = _counts(server, f"regolo_shadow_copies_total{selector}", "outcome", window, seconds)
    versions = shares.keys() | {version for version, _ in copies}
    if not versions:
        return {}
    compared = _counts(server, f"regolo_shadow_compared_total{selector}", "agrees", window, seconds)
    p50, p95, p99 = _quantiles(server, "regolo_shadow_duration_seconds", name, window)
    return {
        version: shadow_values(
            share=shares.get(version, 0.0),
            copies=sum(n for (v, outcome), n in copies.items() if v == version and outcome != "dropped"),
            errors=sum(copies.get((version, outcome), 0) for outcome in ERRORS if outcome != "dropped"),
            client_errors=copies.get((version, "client_error"), 0),
            dropped=copies.get((version, "dropped"), 0),
            latencies=(p50.get(version), p95.get(version), p99.get(version)),
            compared=sum(compared.get((version, agrees), 0) for agrees in ("yes", "no")),
            agreed=compared.get((version, "yes"), 0),
        )
        for version in versions
    }


def _counts(
    server: "PrometheusServer", series: str, label: str, window: str, seconds: float
) -> dict[tuple[str, str], int]:
    """A counter's increase within the window by version and label, summed over all scraped gateways."""
    before = {_identity(labels): value for labels, value in server.vector(f"{series} offset {window}")}
    # By the server's clock alone: ours may differ.
    ages = [value for _, value in server.vector("time() - regolo_start_time_seconds")]
    is_young = bool(ages) and max(ages) <= seconds
    counts: dict[tuple[str, str], int] = {}
    for labels, samples in server.matrix(f"{series}[{window}]"):
        # A counter that started within the window started at zero; of an older one, only samples are known.
        base = before.get(_identity(labels), 0.0 if is_young else samples[0][1])
        key = (labels["version"], labels[label])
        counts[key] = counts.get(key, 0) + round(_increase(base, samples))
    return counts


def _increase(base: float, samples: list[Sample]) -> float:
    """The increase of a counter, across resets to zero when its process restarted."""
    total, last = 0.0, base
    for _, value in samples:
        total += value - last if value >= last else value
        last = value
    return total


def _identity(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


class PrometheusServer:
    """The query API of one server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"'{url}' is not an http or https URL of a Prometheus server")
        self._url = url.rstrip("/")

    def by_version(self, query: str) -> dict[str, float]:
        """The values of a query by version, without those that are not finite."""
        return {labels["version"]: value for labels, value in self.vector(query) if isfinite(value)}

    def named(self, selector: str) -> Iterator[tuple[Labels, float]]:
        """Each series of an instant query with its value; `__name__` is among its labels."""
        for series in self._ask(selector).object("data").objects("result"):
            yield series.dict_of("metric", str), float(series.elements("value").get(1, str))

    def vector(self, query: str) -> Iterator[tuple[Labels, float]]:
        """Each series of an instant query with its value."""
        for labels, series in self._series(query):
            yield labels, float(series.elements("value").get(1, str))

    def matrix(self, query: str) -> Iterator[tuple[Labels, list[Sample]]]:
        """Each series of a range query with its samples."""
        for labels, series in self._series(query):
            pairs = series.rows("values", 2)
            yield labels, [(pair.get(0, float), float(pair.get(1, str))) for pair in pairs]

    def _series(self, query: str) -> Iterator[tuple[Labels, JsonReader]]:
        for series in self._ask(query).object("data").objects("result"):
            labels = series.dict_of("metric", str)
            labels.pop("__name__", None)
            yield labels, series

    def _ask(self, query: str) -> JsonReader:
        address = f"{self._url}/api/v1/query?{urlencode({'query': query})}"
        try:
            with urlopen(address, timeout=ANSWER_SECONDS) as answer:
                return JsonReader.parse(answer.read(ANSWER_BYTES), "the answer")
        except HTTPException as error:
            # Something else listens there, or the answer broke off.
            raise TransportError(f"'{self._url}' does not answer like a Prometheus server") from error
        except (URLError, OSError) as error:
            # urllib wraps the error of the connection, and the wrapper's own text is unreadable.
            cause = (
                error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
            )
            reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
            raise TransportError(f"cannot query Prometheus at '{self._url}': {reason}") from error
