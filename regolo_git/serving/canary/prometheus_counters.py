"""The counters of two versions from a Prometheus server that scrapes every gateway of an endpoint.

All series come from one query, so that they are of one moment.  Requests are counted one by one here, also
where callers stick to a version.
"""

from bisect import bisect_left
from collections.abc import Callable

from regolo_git.errors import TransportError
from regolo_git.records.canary import CanaryPolicy
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.canary.blocks import Reading
from regolo_git.serving.canary.sequential_test import MOST_READ
from regolo_git.serving.metrics.latency import PROMETHEUS_BOUNDS
from regolo_git.serving.metrics.prometheus import ERRORS, Labels, PrometheusServer

REQUESTS, STARTED = "regolo_requests_total", "regolo_start_time_seconds"
DURATION = "regolo_request_duration_seconds"
NAMES = f"{REQUESTS}|{STARTED}|{DURATION}_bucket|{DURATION}_count"

Series = tuple[Labels, float]


class PrometheusCounters:
    """Reads them; `say` gets a line for a limit that is not a bound of the histogram."""

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        """Raises InvalidInput for a URL that is not http or https."""
        self._server = PrometheusServer(url)
        self._say = say
        self._said: set[float] = set()

    def read(self, endpoint: Endpoint) -> Reading:
        """The totals of each version now.

        Raises TransportError if the server does not answer, or counts a gateway twice.
        """
        selector = f'{{__name__=~"{NAMES}",endpoint=~"{endpoint.endpoint}|"}}'
        try:
            series = [(labels, _known(value)) for labels, value in self._server.named(selector)]
            ((_, moment),) = self._server.vector("vector(time())")
            _known(moment)
            totals = {version: self._totals(series, version, endpoint) for version in endpoint.traffic}
        except (KeyError, ValueError) as error:
            raise TransportError("the Prometheus server gives no valid answer") from error
        return Reading(_processes(series), moment, totals)

    def _totals(self, series: list[Series], version: str, endpoint: Endpoint) -> tuple[int, ...]:
        mine = [(labels, value) for labels, value in series if labels.get("version") == version]
        requests = _total(mine, REQUESTS)
        errors = sum(_total(mine, REQUESTS, outcome=outcome) for outcome in ERRORS)
        timed = _total(mine, f"{DURATION}_count")
        watch = (endpoint.canary or CanaryPolicy()).watch
        return (
            requests,
            *(
                errors if limit is None else timed - _total(mine, f"{DURATION}_bucket", le=self._bound(limit))
                for limit in watch
            ),
        )

    def _bound(self, limit: float) -> float:
        """The bound of the histogram that stands for a limit: the next one."""
        bound = PROMETHEUS_BOUNDS[min(bisect_left(PROMETHEUS_BOUNDS, limit), len(PROMETHEUS_BOUNDS) - 1)]
        if bound != limit and limit not in self._said:
            self._said.add(limit)
            self._say(f"latencies over {limit * 1000:g} ms are compared as those over {bound * 1000:g} ms")
        return bound


def _known(value: float) -> float:
    """A value of a counter or a clock.  Raises ValueError for one that says nothing.

    To leave it out would make a total smaller now, and a later one larger by all that was left out.
    """
    if not 0 <= value <= MOST_READ:
        raise ValueError(value)
    return value


def _processes(series: list[Series]) -> str:
    """Names the processes that serve the endpoint, and when each started."""
    instances = {labels.get("instance") for labels, _ in series if labels["__name__"] == REQUESTS}
    started = sorted(
        (labels.get("instance", ""), value)
        for labels, value in series
        if labels["__name__"] == STARTED and labels.get("instance") in instances
    )
    if len({value for _, value in started}) < len(started):
        # By two jobs, or under two names: each request would count as two.
        raise TransportError("the Prometheus server scrapes the same gateway twice")
    return repr(started)


def _total(series: list[Series], name: str, *, outcome: str | None = None, le: float | None = None) -> int:
    return round(
        sum(
            value
            for labels, value in series
            if labels["__name__"] == name
            and outcome in (None, labels.get("outcome"))
            and (le is None or float(labels["le"]) == le)
        )
    )
