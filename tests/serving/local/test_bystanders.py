"""Requests behind one that takes too long, and behind those whose callers have left."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PATIENCE_SECONDS, Answer, RunningEngine, kill, running_engine, until

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow  # CI runs it, too

# Says which requests it was called for: `[seconds, name]`, or a file to wait for instead of seconds.
NOTING = """
import time
from pathlib import Path
def load(path, config):
    def predict(inputs):
        with Path(config["notes"]).open("a") as notes:
            notes.write(f"{inputs[1]}\\n")
        while isinstance(inputs[0], str) and not Path(inputs[0]).exists():
            time.sleep(0.005)
        if not isinstance(inputs[0], str):
            time.sleep(inputs[0])
        return inputs
    return predict
"""
ONCE = {"format": "python", "entry_point": "serve:load"}  # a request must not be sent twice


class Noting:
    """An endpoint `e` whose model notes what it is called for."""

    def __init__(self, registry: FolderRegistry, notes: Path) -> None:
        self._registry = registry
        self._notes = notes

    def endpoint(self, replicas: int, seconds: float) -> None:
        serving = ONCE | {"config": {"notes": str(self._notes)}}
        self._registry.version("2.0", {"serve.py": NOTING}, serving)
        self._registry.endpoint("e", {"2.0": 1.0}, replicas, Routing(timeout_seconds=seconds))

    @property
    def calls(self) -> list[str]:
        return self._notes.read_text().split() if self._notes.exists() else []


@pytest.fixture
def noting(registry: FolderRegistry, tmp_path: Path) -> Noting:
    return Noting(registry, tmp_path / "notes")


def ready(engine: RunningEngine, replicas: int) -> None:
    until(lambda: len(engine.status("e")["versions"].get("2.0", {}).get("workers", ())) == replicas)


def bystanders(engine: RunningEngine, names: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(lambda name: engine.predict([0, name]), names))


@pytest.mark.parametrize(("replicas", "seconds", "pause"), [(1, 10, 9.6), (2, 5, 0.0), (2, 5, 0.3)])
def test_nobody_is_lost_with_a_worker_that_is_killed_for_another_request(
    registry: FolderRegistry, noting: Noting, replicas: int, seconds: float, pause: float
) -> None:
    # The one worker is replaced while the others wait: within their own limit, also on a slow machine.
    noting.endpoint(replicas, seconds)
    with running_engine(registry, options={"health_seconds": 0.1}) as engine:
        ready(engine, replicas)
        bystanders(engine, ["first"])
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(engine.predict, [100, "slow"])
            time.sleep(pause)
            names = [f"b{number}" for number in range(20)]
            answers = bystanders(engine, names)
            assert [answer.status for answer in answers] == [200] * 20
            assert slow.result().status == 504
        assert sorted(noting.calls) == sorted(["first", "slow", *names])
        assert engine.metrics("e").version["2.0"]["errors"] == 1
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == 1)


def test_nobody_is_lost_with_a_worker_that_is_stopped_while_idle(
    registry: FolderRegistry, noting: Noting
) -> None:
    noting.endpoint(2, 20)
    with running_engine(registry, options={"health_seconds": 100}) as engine:
        ready(engine, 2)
        kill(engine.workers("e", "2.0")[0], 19)  # SIGSTOP
        names = [f"b{number}" for number in range(20)]
        assert [answer.status for answer in bystanders(engine, names)] == [200] * 20
        assert sorted(noting.calls) == sorted(names)
        for worker in engine.workers("e", "2.0"):
            kill(worker, 18)  # SIGCONT


def test_only_what_was_begun_is_lost_with_a_killed_worker(registry: FolderRegistry, noting: Noting) -> None:
    noting.endpoint(1, 30)
    with running_engine(registry) as engine, ThreadPoolExecutor(1) as pool:
        ready(engine, 1)
        slow = pool.submit(engine.predict, [20, "slow"])
        until(lambda: noting.calls == ["slow"])
        with ThreadPoolExecutor(1) as killer:
            killer.submit(lambda: (time.sleep(0.3), kill(engine.workers("e", "2.0")[0])))
            answers = bystanders(engine, [f"b{number}" for number in range(20)])
        assert [answer.status for answer in answers] == [200] * 20
        assert slow.result().status == 502


def leave(engine: RunningEngine, count: int, wait: float | str, more: str = "") -> None:
    """Sends requests, hangs up on all of them before any is answered, and waits until that is noticed."""
    connections, others = [], engine.in_flight("e", "2.0")
    for number in range(count):
        connection = http.client.HTTPConnection("127.0.0.1", engine.port)
        connection.request("POST", "/invocations", json.dumps({"inputs": [wait, f"left{number}", more]}))
        connections.append(connection)
    until(lambda: engine.in_flight("e", "2.0") == others + count)
    for connection in connections:
        connection.close()
    until(lambda: engine.metrics("e").version["2.0"]["abandoned"] == count)


@pytest.mark.parametrize(("count", "seconds"), [(50, 1.0), (200, 0.0)])
def test_who_hangs_up_is_not_predicted_for_and_delays_nobody(
    registry: FolderRegistry, noting: Noting, tmp_path: Path, count: int, seconds: float
) -> None:
    noting.endpoint(1, 100)
    with running_engine(registry) as engine:
        ready(engine, 1)
        held = bystanders(engine, ["first"])
        assert held[0].status == 200
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(engine.predict, [str(tmp_path / "go"), "slow"])
            until(lambda: "slow" in noting.calls)
            leave(engine, count, seconds)
            later = pool.submit(engine.predict, [0, "next"])
            (tmp_path / "go").touch()
            assert (slow.result().status, later.result().status) == (200, 200)
        assert noting.calls == ["first", "slow", "next"]
        version = engine.metrics("e").version["2.0"]
        assert (version["requests"], version["abandoned"], version["errors"]) == (count + 3, count, 0)
        assert version["client_errors"] == 0
        series = f'regolo_requests_total{{endpoint="e",outcome="abandoned",version="2.0"}} {count}.0'
        assert series in engine.ask("GET", "/metrics").body.decode()


def test_a_prediction_whose_caller_left_counts_as_abandoned_and_the_next_waits_only_for_it(
    registry: FolderRegistry, noting: Noting, tmp_path: Path
) -> None:
    noting.endpoint(1, 100)
    with running_engine(registry) as engine, ThreadPoolExecutor(1) as pool:
        ready(engine, 1)
        leave(engine, 5, str(tmp_path / "go"))
        later = pool.submit(engine.predict, [0, "next"])
        (begun,) = until(lambda: noting.calls)
        (tmp_path / "go").touch()
        assert later.result().status == 200
        assert noting.calls == [begun, "next"]
        assert engine.metrics("e").version["2.0"]["abandoned"] == 5


def ask(request: bytes, engine: RunningEngine, after: Callable[[socket.socket], None]) -> bytes:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        after(connection)
        return b"".join(iter(lambda: connection.recv(4000), b""))


def test_a_client_that_only_sends_no_more_is_answered(registry: FolderRegistry, noting: Noting) -> None:
    noting.endpoint(1, 30)
    body = b'{"inputs": [0.5, "half"]}'
    request = (
        b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    with running_engine(registry) as engine:
        ready(engine, 1)
        said = ask(request, engine, lambda connection: connection.shutdown(socket.SHUT_WR))
        assert said.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").startswith(b"HTTP/1.1 200 OK\r\n")
        assert said.endswith(b'{"predictions":[0.5,"half"]}')
        assert engine.metrics("e").version["2.0"]["abandoned"] == 0


def test_a_large_body_whose_caller_leaves_is_not_predicted_for(
    registry: FolderRegistry, noting: Noting, tmp_path: Path
) -> None:
    noting.endpoint(1, 100)
    with running_engine(registry) as engine, ThreadPoolExecutor(1) as pool:
        ready(engine, 1)
        slow = pool.submit(engine.predict, [str(tmp_path / "go"), "slow"])
        until(lambda: "slow" in noting.calls)
        leave(engine, 1, 0, "x" * 500_000)
        (tmp_path / "go").touch()
        assert slow.result().status == 200
        assert engine.predict([0, "next"]).status == 200
        assert noting.calls == ["slow", "next"]
