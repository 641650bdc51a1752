"""What is said of an endpoint's versions: by the gateway, through a real Prometheus, and from a note in Git."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
from bisect import bisect_left
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
from support.git_program import git
from support.places import PYTHONPATH
from support.ports import reserved_port
from support.program import run_program
from support.prometheus_server import PROGRAM, prometheus, query
from support.running_engine import PATIENCE_SECONDS, RunningEngine, until
from support.running_registry import ServedRegistry, serving

from regolo_git.errors import InvalidInput, NotFound, TransportError
from regolo_git.serving.metrics.latency import PROMETHEUS_BOUNDS
from regolo_git.serving.metrics.values import EndpointMetrics

pytestmark = pytest.mark.slow  # CI runs it, too

FAILING = """
def load(path, config):
    def predict(inputs):
        if inputs == ["fail"]:
            raise RuntimeError("as it was told")
        return inputs
    return predict
"""
needs_prometheus = pytest.mark.skipif(PROGRAM is None, reason="the program 'prometheus' is not on PATH")


def registry_at(home: Path) -> ServedRegistry:
    """Versions 1.0, 1.1 (fails when it is told to) and 1.2, which has no traffic."""
    served = ServedRegistry(home / "registry")
    served.version("1.0")
    served.version("1.1", FAILING)
    served.version("1.2")
    served.endpoint("1.0")
    served.traffic({"1.0": 50, "1.1": 50, "1.2": 0})
    return served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedRegistry:
    """The registry that `engine` serves."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{name}_NAME", "Ada Byron")
            patch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
        return registry_at(tmp_path_factory.mktemp("metrics"))


@pytest.fixture
def unserved(tmp_path: Path) -> ServedRegistry:
    """A registry that a test serves itself."""
    return registry_at(tmp_path)


@pytest.fixture(scope="module")
def engine(served: ServedRegistry) -> Iterator[RunningEngine]:
    """An engine that has answered: 1.0 ten requests, 1.1 five, failed three and refused two; 1.2 none."""
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
        send(engine, "1.0", [b'{"inputs": [1]}'] * 10)
        send(engine, "1.1", [b'{"inputs": [1]}'] * 5 + [b'{"inputs": ["fail"]}'] * 3 + [b"no json"] * 2)
        yield engine


def send(engine: RunningEngine, version: str, bodies: list[bytes]) -> None:
    for body in bodies:
        engine.ask("POST", "/endpoints/e/invocations", body, {"x-regolo-version": version})


def metrics(served: ServedRegistry, **how: object) -> EndpointMetrics:
    return served.registry.get_endpoint_metrics("e", **how)  # type: ignore[arg-type]


def test_the_gateway_says_what_each_version_did(served: ServedRegistry, engine: RunningEngine) -> None:
    found = metrics(served)
    assert (found.source, found.commit) == ("gateway", served.head)
    good, bad = found.version["1.0"], found.version["1.1"]
    assert (good["requests"], good["errors"], good["client_errors"], good["error_rate"]) == (10, 0, 0, 0.0)
    assert (bad["requests"], bad["errors"], bad["client_errors"], bad["error_rate"]) == (10, 3, 2, 0.3)
    assert good["error_rate_ci"] == (0.0, pytest.approx(0.2775, abs=1e-3))
    low, high = bad["error_rate_ci"] or (1, 0)
    assert low < 0.3 < high
    assert 0 < good["latency_p50"] <= good["latency_p95"] <= good["latency_p99"]
    assert (good["weight"], good["observed_share"], good["replicas_ready"]) == (0.5, 0.5, 1)
    assert good["rps"] == pytest.approx(10 / found.window_seconds)


def test_no_requests_are_no_rate(served: ServedRegistry, engine: RunningEngine) -> None:
    idle = metrics(served).version["1.2"]
    assert (idle["requests"], idle["errors"], idle["weight"], idle["replicas_ready"]) == (0, 0, 0.0, 1)
    rates = ("error_rate", "error_rate_ci", "latency_p50", "latency_p95", "latency_p99", "rps")
    assert [idle[name] for name in rates] == [None] * len(rates)


def test_a_window_holds_only_what_is_within_it(served: ServedRegistry, engine: RunningEngine) -> None:
    def late() -> EndpointMetrics | None:
        found = metrics(served, window="1s")
        # An engine that is younger than the window says over how long it has counted.
        return found if found.version["1.1"]["requests"] == 0 and found.window_seconds == 1 else None

    assert until(late).version["1.1"]["error_rate"] is None
    all_ = metrics(served, window="1h")
    assert all_.version["1.1"]["requests"] == 10
    # An engine that is young says over how long it has counted.
    assert 1 < all_.window_seconds < 3600


@pytest.mark.parametrize("window", ["", "5x", "0", "-1s", 0, "nan", "inf", -3.0])
def test_a_window_that_is_no_time_is_refused(served: ServedRegistry, window: str | float) -> None:
    with pytest.raises(InvalidInput):
        metrics(served, window=window)


@needs_prometheus
def test_prometheus_tells_the_same_story(unserved: ServedRegistry, tmp_path: Path) -> None:
    with (
        serving(unserved.top) as engine,
        prometheus(engine, tmp_path / "prometheus") as url,
    ):
        engine.until_serving("e", unserved.head)
        # A rate knows only what came after the first sample.
        until(lambda: query(url, f'regolo_manifest_info{{commit="{unserved.head}"}}'))
        send(engine, "1.0", [b'{"inputs": [1]}'] * 10)
        send(engine, "1.1", [b'{"inputs": [1]}'] * 20 + [b'{"inputs": ["fail"]}'] * 5 + [b"no json"] * 2)
        own = metrics(unserved)

        def agreeing() -> EndpointMetrics | None:
            seen = metrics(unserved, prometheus=url)
            counts = [(v["requests"], v["errors"], v["client_errors"]) for v in seen.version.values()]
            wanted = [(v["requests"], v["errors"], v["client_errors"]) for v in own.version.values()]
            return seen if counts == wanted else None

        seen = until(agreeing)
        assert (seen.source, seen.commit) == ("prometheus", unserved.head)
        same = ("error_rate", "error_rate_ci", "observed_share", "weight", "replicas_ready")
        for name, held in own.version.items():
            assert {key: seen.version[name][key] for key in same} == {key: held[key] for key in same}
        # Quantiles are as fine as the histogram's buckets.
        for name in ("1.0", "1.1"):
            theirs, ours = (told.version[name]["latency_p50"] for told in (seen, own))
            assert theirs is not None
            assert ours is not None
            bucket = bisect_left(PROMETHEUS_BOUNDS, ours)
            low, high = ((0.0, *PROMETHEUS_BOUNDS)[bucket], (*PROMETHEUS_BOUNDS, inf)[bucket])
            assert low * 0.999 <= theirs <= high * 1.001
        idle = seen.version["1.2"]
        assert (idle["requests"], idle["error_rate"], idle["latency_p99"]) == (0, None, None)


@needs_prometheus
@pytest.mark.slow
def test_no_count_is_lost_to_prometheus_when_gateway_or_engine_are_replaced(
    unserved: ServedRegistry, tmp_path: Path
) -> None:
    with serving(unserved.top) as engine:
        engine.until_serving("e", unserved.head)
        port = engine.port
        with prometheus(engine, tmp_path / "prometheus") as url:

            def count_through(url: str, wanted: int) -> None:
                until(lambda: metrics(unserved, prometheus=url).version["1.0"]["requests"] == wanted)

            send(engine, "1.0", [b'{"inputs": [1]}'] * 7)
            assert run_program(unserved.top, "serve", "--replace").returncode == 0
            send(engine, "1.0", [b'{"inputs": [1]}'] * 2)
            count_through(url, 9)
            engine.stop()
            with (
                reserved_port(port),
                serving(unserved.top, "--listen", f"127.0.0.1:{port}") as second,
            ):
                second.until_serving("e", unserved.head)
                send(second, "1.0", [b'{"inputs": [1]}'] * 4)
                count_through(url, 13)
                # The windows of an engine go on after an orderly stop, its counters begin at zero.
                assert metrics(unserved).version["1.0"]["requests"] == 13
                exposed = second.ask("GET", "/metrics").body.decode()
                assert 'regolo_requests_total{endpoint="e",outcome="ok",version="1.0"} 4.0' in exposed


@needs_prometheus
@pytest.mark.slow
def test_the_error_rate_that_is_documented_keeps_versions_without_errors(
    served: ServedRegistry, engine: RunningEngine, tmp_path: Path
) -> None:
    rate = 'rate(regolo_requests_total{endpoint="e"}[1m])'
    errors = 'rate(regolo_requests_total{endpoint="e",outcome=~"error|timeout|dropped"}[1m])'
    text = f"sum by (version) ({errors}) / sum by (version) ({rate})"
    with prometheus(engine, tmp_path / "prometheus") as url:
        until(lambda: query(url, "count(regolo_requests_total offset 1s)"))
        send(engine, "1.0", [b'{"inputs": [1]}'] * 4)
        send(engine, "1.1", [b'{"inputs": [1]}'] * 3 + [b'{"inputs": ["fail"]}'])

        def rates() -> dict[str, float] | None:
            found = {s["metric"]["version"]: float(s["value"][1]) for s in query(url, text)}
            return found if found.get("1.1", 0) > 0 and found.get("1.0") == 0 else None

        assert until(rates)["1.1"] == pytest.approx(0.25)


def test_metrics_are_watched_in_a_terminal(served: ServedRegistry, engine: RunningEngine) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 140))
    process = subprocess.Popen(
        [sys.executable, "-m", "regolo_git", "metrics", "e", "--watch"],
        cwd=served.top,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": PYTHONPATH, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    # Cleared and shown anew: the second time is two seconds after the first.
    while shown.count(b"\x1b[H\x1b[2J") < 2:
        shown += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_SECONDS) == 130
    os.close(ours)
    assert b"REPLICAS" in shown


def test_a_prometheus_that_is_not_there_is_said(served: ServedRegistry) -> None:
    with pytest.raises(TransportError):
        metrics(served, prometheus="http://127.0.0.1:9")
    with pytest.raises(InvalidInput):
        metrics(served, prometheus="file:///etc/passwd")


def test_a_server_that_is_no_prometheus_is_said(served: ServedRegistry, engine: RunningEngine) -> None:
    with pytest.raises(TransportError):
        metrics(served, prometheus=engine.address)


def test_a_snapshot_is_kept_as_a_note_and_read_back(unserved: ServedRegistry) -> None:
    with pytest.raises(InvalidInput, match="nothing has been recorded"):
        metrics(unserved, source="recorded")
    assert run_program(unserved.top, "metrics", "e", "--record").returncode == 2
    before = unserved.head
    with serving(unserved.top) as engine:
        engine.until_serving("e", unserved.head)
        send(engine, "1.1", [b'{"inputs": [1]}'] * 3 + [b'{"inputs": ["fail"]}'])
        done = run_program(unserved.top, "metrics", "e", "--record", "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert metrics(unserved, source="recorded").source == "recorded"
        assert metrics(unserved).source == "gateway"
    assert (metrics(unserved).source, metrics(unserved, source="gateway").source) == ("stopped", "none")
    recorded = metrics(unserved, source="recorded")
    assert recorded.source == "recorded"
    assert recorded.version["1.1"]["errors"] == 1
    assert recorded.to_json() == {**said, "source": "recorded"}
    # Beside the history: the branch has not moved, and the note is on the version's own commit.
    assert unserved.head == before
    commit = unserved.registry.get_endpoint("e").versions["1.1"].commit
    note = git(unserved.top, "notes", "--ref", "regolo-metrics", "show", commit)
    assert json.loads(note)["endpoint"] == "e"


def test_a_long_window_is_as_long_as_the_gateway_counts(
    served: ServedRegistry, engine: RunningEngine
) -> None:
    send(engine, "1.0", [b'{"inputs": [1]}'])
    for window in ("15d", "99999999999999999999d"):
        found = served.registry.get_endpoint_metrics("e", window)
        assert found.source == "gateway"
        assert found.window_seconds < 3600


def test_an_endpoint_that_nobody_serves_or_knows(unserved: ServedRegistry) -> None:
    unserved.registry.create_endpoint("idle", "m", "1.0")
    idle = unserved.registry.get_endpoint_metrics("idle")
    assert (idle.source, idle.version["1.0"]["requests"], idle.version["1.0"]["error_rate"]) == (
        "none",
        0,
        None,
    )
    with pytest.raises(NotFound):
        unserved.registry.get_endpoint_metrics("nobody")
