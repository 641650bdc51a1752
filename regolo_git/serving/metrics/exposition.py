"""The Prometheus exposition, written by prometheus-client.

The supervisor holds the totals of all gateways, so no counter is reset when a gateway is replaced.  A series
exists for every outcome from the start, at zero: a rate over a missing series would leave out the versions
that have no errors.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from regolo_git.serving.metrics.counts import OUTCOMES, Counts, Key, ShadowTally, Tally
from regolo_git.serving.metrics.latency import cumulative

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """One version in the current routing table."""

    weight: float
    replicas_ready: int
    restarts: int
    commit: str
    shadow: float = 0.0


# Compared by identity: prometheus-client keeps collectors in a dictionary.
@dataclass(frozen=True, slots=True, eq=False)
class Exposition(Collector):
    """A snapshot of everything that is exposed."""

    started: float
    counts: Counts
    in_flight: Mapping[Key, int]
    served: Mapping[Key, ServedVersion]

    def collect(self) -> Iterator[Family]:
        """Each family of series, for prometheus-client."""
        yield self._requests()
        yield self._durations()
        yield self._gauge("regolo_inflight_requests", "Requests under way.", self.in_flight)
        weights = {key: version.weight for key, version in self.served.items()}
        yield self._gauge("regolo_traffic_weight", "The share that the version is to get.", weights)
        ready = {key: version.replicas_ready for key, version in self.served.items()}
        yield self._gauge("regolo_replicas_ready", "Workers that take requests.", ready)
        yield self._restarts()
        yield self._commits()
        yield self._rejected()
        yield from self._shadows()
        # A reader can tell a counter that is young from one that was restarted.
        started = "When the engine began to count, in seconds since 1970."
        yield GaugeMetricFamily("regolo_start_time_seconds", started, value=self.started)

    def text(self) -> bytes:
        """The exposition text."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def _tallies(self) -> dict[Key, Tally]:
        """Every version's tally, empty for those that have had no request."""
        return {key: Tally() for key in self.served} | self.counts.tallies

    def _requests(self) -> Family:
        family = CounterMetricFamily(
            "regolo_requests", "Requests by what became of them.", labels=("endpoint", "version", "outcome")
        )
        for key, tally in self._tallies().items():
            for name, count in zip(OUTCOMES, tally.outcomes, strict=True):
                family.add_metric((*key, name), count)
        return family

    def _durations(self) -> Family:
        words = "From the whole request to the whole answer, at the gateway."
        family = _histogram("regolo_request_duration_seconds", words)
        for key, tally in self._tallies().items():
            _add_durations(family, key, tally)
        return family

    def _shadows(self) -> Iterator[Family]:
        """What shadows got copies of; nothing, as long as there is none."""
        shares = {key: version.shadow for key, version in self.served.items() if version.shadow}
        counted = {
            key: tally.shadow for key, tally in self.counts.tallies.items() if tally.shadow is not None
        }
        tallies = {key: ShadowTally() for key in shares} | counted
        if not tallies:
            return
        yield self._gauge("regolo_shadow_share", "The share of requests that are copied to it.", shares)
        copies = CounterMetricFamily(
            "regolo_shadow_copies",
            "Copies of requests by what became of them.",
            labels=("endpoint", "version", "outcome"),
        )
        compared = CounterMetricFamily(
            "regolo_shadow_compared",
            "Answers of a shadow by whether they agree with the one that was served.",
            labels=("endpoint", "version", "agrees"),
        )
        durations = _histogram("regolo_shadow_duration_seconds", "From the copy to the answer of the shadow.")
        for key, tally in tallies.items():
            for name, count in zip(OUTCOMES, tally.copies.outcomes, strict=True):
                copies.add_metric((*key, name), count)
            compared.add_metric((*key, "yes"), tally.agreed)
            compared.add_metric((*key, "no"), tally.compared - tally.agreed)
            _add_durations(durations, key, tally.copies)
        yield from (copies, compared, durations)

    def _gauge(self, name: str, words: str, values: Mapping[Key, float]) -> Family:
        family = GaugeMetricFamily(name, words, labels=("endpoint", "version"))
        for key, value in values.items():
            family.add_metric(key, value)
        return family

    def _restarts(self) -> Family:
        family = CounterMetricFamily(
            "regolo_replica_restarts", "Workers that were replaced.", labels=("endpoint", "version")
        )
        for key, version in self.served.items():
            family.add_metric(key, version.restarts)
        return family

    def _commits(self) -> Family:
        family = GaugeMetricFamily(
            "regolo_manifest_info", "The commit that is in force.", labels=("endpoint", "commit")
        )
        for endpoint, commit in sorted({(key[0], version.commit) for key, version in self.served.items()}):
            family.add_metric((endpoint, commit), 1)
        return family

    def _rejected(self) -> Family:
        family = CounterMetricFamily(
            "regolo_rejected_requests", "Requests refused before a version was chosen.", labels=("reason",)
        )
        for reason, count in self.counts.rejected.items():
            family.add_metric((reason,), count)
        return family


def _histogram(name: str, words: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, words, labels=("endpoint", "version"))


def _add_durations(family: HistogramMetricFamily, key: Key, tally: Tally) -> None:
    buckets: list[tuple[str, float]] = [(f"{bound:g}", n) for bound, n in cumulative(tally.bins)]
    buckets.append(("+Inf", tally.timed))
    family.add_metric(key, buckets, tally.seconds)
