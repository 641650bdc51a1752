"""Reading Prometheus' answers: counters that were reset, values that are no numbers, servers that are none.

The answers come from a small HTTP server; `test_metrics.py` asks a real Prometheus.
"""

import json
from collections.abc import Callable

import pytest
from support.scripted_prometheus import Answering, answering

from regolo_git.errors import InvalidInput, TransportError
from regolo_git.serving.metrics.prometheus import prometheus_metrics

__all__ = ["answering"]


def series(**samples: object) -> bytes:
    """A query's answer, of series of version 1.0 by outcome."""
    key = "values" if any(isinstance(value, list) for value in samples.values()) else "value"
    result = [
        {"metric": {"__name__": "x", "endpoint": "e", "version": "1.0", "outcome": outcome}, key: value}
        for outcome, value in samples.items()
    ]
    return json.dumps({"status": "success", "data": {"result": result}}).encode()


def counters(
    now: dict[str, list[int]], before: dict[str, int], age: float
) -> Callable[[str], tuple[int, bytes]]:
    def answer(query: str) -> tuple[int, bytes]:
        if "regolo_requests_total" in query and "offset" in query:
            return 200, series(**{outcome: (1, str(value)) for outcome, value in before.items()})
        if "regolo_requests_total" in query:
            return 200, series(
                **{k: [[i, str(v)] for i, v in enumerate(values)] for k, values in now.items()}
            )
        if "regolo_start_time_seconds" in query:
            return 200, series(ok=(1, str(age)))
        if "quantile" in query:
            return 200, series(ok=(1, "NaN"))
        return 200, series()

    return answer


def requests(url: str) -> tuple[int, int, int]:
    held = prometheus_metrics(url, "e", 300).version["1.0"]
    return held["requests"], held["errors"], held["client_errors"]


def test_only_what_was_counted_within_the_window_counts(answering: Answering) -> None:
    now = {"ok": [100, 130], "error": [5, 6], "timeout": [0, 2], "dropped": [0, 0], "client_error": [1, 4]}
    before = {"ok": 90, "error": 5, "timeout": 0, "dropped": 0, "client_error": 1}
    assert requests(answering(counters(now, before, 0))) == (40 + 1 + 2 + 3, 3, 3)


def test_a_counter_that_was_set_back_is_not_negative(answering: Answering) -> None:
    assert requests(answering(counters({"ok": [100, 110, 3, 8]}, {"ok": 90}, 1000))) == (28, 0, 0)


def test_a_counter_that_began_within_the_window_began_at_zero(answering: Answering) -> None:
    assert requests(answering(counters({"ok": [4, 9]}, {}, 10))) == (9, 0, 0)
    # Of one that is older than what Prometheus has, only what was seen is known.
    assert requests(answering(counters({"ok": [4, 9]}, {}, 1000))) == (5, 0, 0)


def test_a_quantile_that_is_no_number_is_none(answering: Answering) -> None:
    found = prometheus_metrics(answering(counters({"ok": [0, 0]}, {"ok": 0}, 1000)), "e", 300)
    held = found.version["1.0"]
    assert (held["requests"], held["error_rate"], held["latency_p99"]) == (0, None, None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"data": {"result": 1}}'),
        (200, b'{"data": {"result": [{"metric": {}, "value": [1, "x"]}]}}'),
        (400, b'{"status": "error"}'),
        (503, b""),
    ],
)
def test_a_server_that_does_not_answer_as_prometheus_does(
    answering: Answering, status: int, body: bytes
) -> None:
    with pytest.raises(TransportError):
        prometheus_metrics(answering(lambda _: (status, body)), "e", 300)


def test_an_endpoints_name_cannot_change_the_query(answering: Answering) -> None:
    with pytest.raises(InvalidInput):
        prometheus_metrics("http://127.0.0.1:9", 'e"} or vector(1)', 300)
