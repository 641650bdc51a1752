"""A shadow gets copies; whatever becomes of them, callers notice nothing."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.folder_source import FolderRegistry
from support.raw_http import begin_request
from support.running_engine import ECHO, PYTHON, TRUSTING, RunningEngine, running_engine, until

from regolo_git.records.routing import Routing
from regolo_git.serving.local.gateway.shadows import MOST_AT_ONCE, MOST_WAITING
from regolo_git.serving.metrics.shadow_values import ShadowMetrics

pytestmark = pytest.mark.slow  # CI runs it, too

NEARLY = (
    "def load(path, config):\n    return lambda inputs: [x * 1.0001 if x < 5.0 else -x for x in inputs]\n"
)
CRASHING = "import os\ndef load(path, config):\n    return lambda inputs: os._exit(1)\n"
FAILING = "def load(path, config):\n    return lambda inputs: 1 / 0\n"
HANGING = "import time\ndef load(path, config):\n    return lambda inputs: time.sleep(3)\n"
STREAM = """
import asyncio
def load(path, config):
    async def predict(inputs):
        for number in range(20):
            await asyncio.sleep(0.005)
            yield {"number": number}
    return predict
"""
ENDLESS = """
def load(path, config):
    def predict(inputs):
        while True:
            yield "x" * 100_000
    return predict
"""
BROKEN = "raise RuntimeError('this one does not load')\n"


def shadowed(registry: FolderRegistry, code: str, routing: Routing | None = None, served: str = ECHO) -> str:
    """`e` serves an echo, or other code; a copy of every request goes to a shadow with this code."""
    registry.version("1.0", {"serve.py": served}, PYTHON)
    registry.version("1.1", {"serve.py": code}, PYTHON)
    return registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0}, routing=routing, shadow={"1.1": 1.0})


def counted(engine: RunningEngine) -> ShadowMetrics:
    shadow = engine.metrics("e").version["1.1"]["shadow"]
    assert shadow is not None
    return shadow


def until_ready(engine: RunningEngine, commit: str) -> None:
    engine.until_serving("e", commit)
    until(lambda: engine.status("e")["versions"].get("1.1", {}).get("ready"))


def test_answers_are_compared_and_count_nowhere_else(registry: FolderRegistry) -> None:
    commit = shadowed(registry, NEARLY)
    with running_engine(registry) as engine:
        until_ready(engine, commit)
        for number in range(10):
            answer = engine.predict([float(number)], "/endpoints/e/invocations")
            assert (answer.version, answer.json) == ("1.0", {"predictions": [float(number)]})
        until(lambda: counted(engine)["copies"] == 10)
        shadow, own = counted(engine), engine.metrics("e").version["1.1"]
        assert (shadow["compared"], shadow["agreement"], shadow["errors"]) == (10, 0.5, 0)
        assert shadow["latency_p50"] is not None
        assert (own["requests"], own["error_rate"], own["latency_p50"]) == (0, None, None)
        assert engine.metrics("e").version["1.0"]["requests"] == 10
        # Who asks for the shadow by name is a caller, and is not copied to it.
        assert engine.predict([1.0], headers={"x-regolo-version": "1.1"}).version == "1.1"
        assert (counted(engine)["copies"], engine.metrics("e").version["1.1"]["requests"]) == (10, 1)
        assert 'regolo_shadow_compared_total{agrees="yes",' in engine.ask("GET", "/metrics").body.decode()


@pytest.mark.parametrize("code", [FAILING, CRASHING], ids=["failing", "crashing"])
def test_a_shadow_that_fails_is_counted_and_not_noticed(registry: FolderRegistry, code: str) -> None:
    commit = shadowed(registry, code)
    with running_engine(registry) as engine:
        until_ready(engine, commit)
        for _ in range(5):
            assert engine.predict([1]).status == 200
        found = until(lambda: counted(engine) if sum_of(counted(engine)) == 5 else None)
        assert found["errors"] >= 1
        assert found["compared"] == 0
        assert engine.metrics("e").version["1.0"]["errors"] == 0


def sum_of(shadow: ShadowMetrics) -> int:
    return shadow["copies"] + shadow["dropped"]


def test_a_shadow_that_hangs_gets_no_more_than_its_queue(registry: FolderRegistry) -> None:
    commit = shadowed(registry, HANGING, Routing(timeout_seconds=2.0))
    with running_engine(registry) as engine:
        until_ready(engine, commit)
        requests = MOST_WAITING + MOST_AT_ONCE + 20
        for number in range(requests):
            assert engine.predict([number]).status == 200
        until(lambda: counted(engine)["dropped"] >= 10)
        assert engine.predict(["x" * 1_000_000]).status == 200
        until(lambda: sum_of(counted(engine)) == requests + 1)
        assert counted(engine)["errors"] >= 1
        assert engine.metrics("e").version["1.0"]["errors"] == 0


def test_streams_are_copied_once_they_have_ended_and_one_that_never_ends_is_dropped(
    registry: FolderRegistry,
) -> None:
    commit = shadowed(registry, ENDLESS, served=STREAM)
    with running_engine(registry) as engine:
        until_ready(engine, commit)
        for number in range(6):
            assert len(engine.predict([number]).body.splitlines()) == 20
        for _ in range(4):
            left = begin_request(engine, "/invocations", body := b'{"inputs": [1]}')
            left.sendall(body[1:])
            left.recv(200)
            left.close()
        until(lambda: engine.metrics("e").version["1.0"]["abandoned"] == 4)
        # What a caller did not wait for is not copied; the worker of the shadow is free again each time.
        assert engine.predict([1]).status == 200
        until(lambda: sum_of(counted(engine)) == 7)
        shadow, own = counted(engine), engine.metrics("e").version["1.0"]
        assert (shadow["copies"], shadow["errors"], shadow["compared"]) == (7, 0, 0)
        assert own["errors"] == 0


class Stalling(BaseHTTPRequestHandler):
    """A server that says how long its answer is, and never sends it to the end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with suppress(OSError):
            self.connection.recv(1)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_an_answer_that_is_too_large_to_be_compared_is_not_received(registry: FolderRegistry) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stalling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        policy = f'{TRUSTING}[backends."m@1.1"]\nurls = ["http://127.0.0.1:{server.server_port}"]\n'
        commit = shadowed(registry, NEARLY)
        with running_engine(registry, policy_text=policy) as engine:
            until_ready(engine, commit)
            for number in range(5):
                assert engine.predict([number]).status == 200
            until(lambda: counted(engine)["copies"] == 5)
            assert (counted(engine)["errors"], counted(engine)["compared"]) == (0, 0)
        server.shutdown()


def test_a_shadow_that_cannot_be_started_delays_no_change(registry: FolderRegistry) -> None:
    commit = shadowed(registry, BROKEN)
    with running_engine(registry) as engine:
        until(lambda: engine.status("e")["observed_commit"] == commit)
        assert engine.predict([1]).version == "1.0"
        until(lambda: counted(engine)["dropped"] == 1)
        registry.version("1.2", {"serve.py": f"# another\n{ECHO}"}, PYTHON)
        again = registry.endpoint("e", {"1.2": 1.0, "1.1": 0.0}, shadow={"1.1": 1.0})
        until(lambda: engine.status("e")["observed_commit"] == again)
        assert engine.predict([1]).version == "1.2"


def test_what_waits_when_the_gateway_goes_is_counted(registry: FolderRegistry) -> None:
    commit = shadowed(registry, HANGING, Routing(timeout_seconds=30.0))
    with running_engine(registry) as engine:
        until_ready(engine, commit)
        for number in range(3):
            assert engine.predict([number]).status == 200
        engine.stop()
        kept = json.loads(next(engine.common.rglob("counts*.json")).read_text())
        shadows = [t["shadow"] for b in kept["buckets"] for t in b["tallies"] if "shadow" in t]
        assert sum(sum(shadow["outcomes"].values()) for shadow in shadows if shadow) >= 3
