"""Counters from Prometheus: all gateways together, a new beginning when one of them starts again."""

import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from support.scripted_prometheus import Answering, answering

from regolo_git.errors import InvalidInput, TransportError
from regolo_git.records.canary import CanaryMetric, CanaryPolicy, Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.serving.canary.prometheus_counters import PrometheusCounters

__all__ = ["answering"]

BROKEN_OFF = b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"
PIN = PinnedVersion("c" * 40, Digest("sha256", "a" * 64), 1)
POLICY = CanaryPolicy(metrics=(CanaryMetric("error_rate"), CanaryMetric("latency_over", limit_ms=200)))
ENDPOINT = Endpoint(
    *("e", "m", None, "local", {"1.0": 0.9, "1.1": 0.1}, {"1.0": PIN, "1.1": PIN}),
    canary=POLICY,
    candidate=Candidate("1.1", 0, datetime(2026, 11, 27, tzinfo=UTC)),
)


def sample(name: str, value: float | str, **labels: str) -> dict[str, object]:
    return {"metric": {"__name__": name, **labels}, "value": [100.0, str(value)]}


def gateway(instance: str, started: float, errors: int) -> list[dict[str, object]]:
    """One gateway with 100 requests of the candidate, of which 30 took longer than 250 ms."""
    of = {"instance": instance, "endpoint": "e", "version": "1.1"}
    duration = "regolo_request_duration_seconds"
    return [
        sample("regolo_start_time_seconds", started, instance=instance),
        sample("regolo_requests_total", 100 - errors, outcome="ok", **of),
        sample("regolo_requests_total", errors, outcome="error", **of),
        sample(f"{duration}_bucket", 60, le="0.1", **of),
        sample(f"{duration}_bucket", 70, le="0.25", **of),
        sample(f"{duration}_bucket", 100, le="+Inf", **of),
        sample(f"{duration}_count", 100, **of),
    ]


def answers(*gateways: list[dict[str, object]]) -> Callable[[str], tuple[int, bytes]]:
    def answer(query: str) -> tuple[int, bytes]:
        series = [sample("", 123.5)] if query == "vector(time())" else [s for each in gateways for s in each]
        return 200, json.dumps({"status": "success", "data": {"result": series}}).encode()

    return answer


def test_the_gateways_of_an_endpoint_count_together(answering: Answering) -> None:
    said: list[str] = []
    other = [sample("regolo_start_time_seconds", 7, instance="of another endpoint")]
    url = answering(answers(gateway("a", 1, 3), gateway("b", 2, 4), other))
    reading = PrometheusCounters(url, said.append).read(ENDPOINT)
    assert reading.totals == {"1.0": (0, 0, 0), "1.1": (200, 7, 60)}
    assert reading.time == 123.5
    assert "another" not in reading.source
    assert said == ["latencies over 200 ms are compared as those over 250 ms"]


def test_a_gateway_that_starts_again_is_another_source(answering: Answering) -> None:
    def source(*gateways: list[dict[str, object]]) -> str:
        return PrometheusCounters(answering(answers(*gateways)), print).read(ENDPOINT).source

    first = source(gateway("a", 1, 0), gateway("b", 2, 0))
    assert source(gateway("b", 2, 9), gateway("a", 1, 9)) == first
    assert source(gateway("a", 1, 0), gateway("b", 3, 0)) != first
    assert source(gateway("a", 1, 0)) != first


def test_a_gateway_that_is_scraped_twice_is_no_data(answering: Answering) -> None:
    for twin in ("a", "by another name"):
        url = answering(answers(gateway("a", 1.25, 3), gateway(twin, 1.25, 3)))
        with pytest.raises(TransportError, match="same gateway twice"):
            PrometheusCounters(url, print).read(ENDPOINT)


def test_what_is_not_prometheus_is_no_data(answering: Answering) -> None:
    for body in (b"<html>", b"{}", b'{"data": {"result": [{"metric": {}, "value": [1, "x"]}]}}'):
        with pytest.raises((TransportError, InvalidInput)):
            PrometheusCounters(answering(lambda _, body=body: (200, body)), print).read(ENDPOINT)
    with pytest.raises(TransportError):
        PrometheusCounters("http://127.0.0.1:9", print).read(ENDPOINT)
    with pytest.raises(InvalidInput):
        PrometheusCounters("ftp://here", print)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + BROKEN_OFF, b""])
def test_whatever_answers_at_its_address_is_no_data(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_say, args=(server, said), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(TransportError):
            PrometheusCounters(url, print).read(ENDPOINT)


def _say(server: socket.socket, words: bytes) -> None:
    with server.accept()[0] as connection:
        connection.recv(1 << 16)
        connection.sendall(words)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e308"])
def test_one_value_that_says_nothing_makes_the_whole_reading_no_data(
    answering: Answering, value: str
) -> None:
    of = {"instance": "a", "endpoint": "e", "version": "1.1", "outcome": "timeout"}
    broken = [*gateway("a", 1, 3), sample("regolo_requests_total", value, **of)]
    with pytest.raises(TransportError, match="no valid answer"):
        PrometheusCounters(answering(answers(broken)), print).read(ENDPOINT)
