"""A request's way to a worker and its answer's way back: sent again, put off, out of time, or streamed."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.raw_http import begin_request
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine, until

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow  # CI runs it, too


def test_a_model_that_takes_too_long_is_a_timeout(engine: RunningEngine) -> None:
    answer = engine.predict([60], "/endpoints/slow/invocations")
    assert (answer.status, answer.version) == (504, "2.0")
    assert engine.predict([0], "/endpoints/slow/invocations").status == 200


def test_more_requests_at_once_than_allowed_are_put_off(engine: RunningEngine, tmp_path: Path) -> None:
    go = tmp_path / "go"
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(engine.predict, [str(go)], "/endpoints/narrow/invocations") for _ in range(2)]
        until(lambda: engine.in_flight("narrow", "2.1") == 2)
        for _ in range(4):
            answer = engine.predict([str(go)], "/endpoints/narrow/invocations")
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        go.touch()
        assert [answer.result().status for answer in held] == [200, 200]


def test_a_body_passes_through_byte_for_byte(engine: RunningEngine) -> None:
    odd = '{"inputs" :  [1e0,\n "é", "\\u00e9", 12345678901234567890]}'.encode()
    answer = engine.ask("POST", "/endpoints/e/invocations", odd, {"Content-Type": "application/json"})
    assert answer.json == {"predictions": [1.0, "é", "é", 12345678901234567890]}


def test_a_large_answer_arrives_whole(engine: RunningEngine) -> None:
    numbers = list(range(400_000))
    answer = engine.predict(numbers, "/endpoints/e/invocations")
    assert answer.json == {"predictions": numbers}


def test_requests_before_the_first_worker_wait_for_it(registry: FolderRegistry, tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\n"
    registry.version("3.0", {"serve.py": waits + ECHO}, PYTHON)
    registry.endpoint("e", {"3.0": 1.0})
    with running_engine(registry) as engine, ThreadPoolExecutor() as pool:
        assert engine.ask("GET", "/readyz").status == 503
        first = pool.submit(engine.predict, [1])
        until(lambda: engine.in_flight("e", "3.0"))
        go.touch()
        assert first.result().status == 200
        assert until(lambda: engine.ask("GET", "/readyz").status == 200)


FALLING = """
import os
def load(path, config):
    def predict(inputs):
        if inputs == ["fall"]:
            os._exit(1)
        return inputs
    return predict
"""


@pytest.mark.parametrize(("idempotent", "falls"), [(True, 3), (False, 1)])
def test_only_a_model_that_allows_it_is_called_again(
    registry: FolderRegistry, idempotent: bool, falls: int
) -> None:
    registry.version("2.0", {"serve.py": FALLING}, PYTHON | {"idempotent": idempotent})
    registry.endpoint("e", {"2.0": 1.0}, routing=Routing(retry=2, timeout_seconds=100))
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        assert engine.predict(["fall"]).status == 502
        assert engine.predict([1]).status == 200
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == falls)


GROWING = "def load(path, config):\n    return lambda inputs: ['x' * inputs[0]]\n"


def test_a_request_that_waits_for_a_version_is_answered_by_the_one_that_follows(
    registry: FolderRegistry,
) -> None:
    registry.version("2.0", {"serve.py": f"import time; time.sleep(60)\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(engine.predict, [1]) for _ in range(4)]
        until(lambda: engine.in_flight("e", "2.0") == 4)
        registry.endpoint("e", {"1.0": 1.0})
        answers = [future.result() for future in waiting]
        assert {(answer.status, answer.version) for answer in answers} == {(200, "1.0")}
        assert {name: v["requests"] for name, v in engine.metrics("e").version.items()} == {"1.0": 4}


def test_an_endpoint_that_goes_while_a_body_comes_is_not_found(registry: FolderRegistry) -> None:
    registry.endpoint("f", {"1.1": 1.0})
    commit = registry.endpoint("e", {"1.0": 1.0})
    body = b'{"inputs": [1]}'
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        with begin_request(engine, "/endpoints/f/invocations", body) as connection:
            registry.file("f", None)
            until(lambda: "f" not in engine.status()["endpoints"])
            until(lambda: engine.predict([1], "/endpoints/f/invocations").status == 404)
            connection.sendall(body[1:])
            assert b" 404 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_version_that_goes_while_a_body_comes_leaves_it_to_another(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    body = b'{"inputs": [1]}'
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        with begin_request(engine, "/invocations", body) as connection:
            engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
            connection.sendall(body[1:])
            answer = connection.recv(1000)
    assert b"x-model-version: 1.1" in answer


def test_a_client_that_takes_nothing_of_a_large_answer_is_left(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": GROWING}, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry, limits={"send_seconds": 0.5}) as engine:
        engine.until_serving("e", commit)
        body = b'{"inputs": [60000000]}'
        with begin_request(engine, "/invocations", body) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(body[1:])
            until(lambda: 'reason="broken_answer"} 1.0' in engine.ask("GET", "/metrics").body.decode())
        assert engine.predict([3]).json == {"predictions": ["xxx"]}
        (gateway,) = engine.status()["gateways"]
        assert gateway["resident_bytes"] < 80_000_000
