"""Requests that outlive what they came for, and clients that take without end."""

import json
import os
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, launch, running_engine, until

from regolo_git.records.routing import Routing
from regolo_git.serving.local.engine import stop
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
GROWING = "def load(path, config):\n    return lambda inputs: ['x' * inputs[0]]\n"


def test_a_request_that_waits_for_a_version_is_answered_by_the_one_that_follows(
    registry: FolderRegistry,
) -> None:
    registry.version("2.0", {"serve.py": f"import time; time.sleep(60)\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(engine.predict, [1]) for _ in range(4)]
        until(lambda: engine.ask("GET", "/metrics").body.count(b"regolo_inflight_requests"))
        time.sleep(0.3)
        registry.endpoint("e", {"1.0": 1.0})
        answers = [future.result() for future in waiting]
        assert {(answer.status, answer.version) for answer in answers} == {(200, "1.0")}
        assert {name: v["requests"] for name, v in engine.metrics("e").version.items()} == {"1.0": 4}


def begin_request(engine: RunningEngine, path: str, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", engine.port), timeout=30)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connection.sendall(head + body[:1])
    return connection


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


def test_large_bodies_together_have_a_bound(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, limits={"buffered_bytes": 1_000_000}) as engine:
        engine.until_serving("e", commit)
        large = json.dumps({"inputs": ["x" * 700_000]}).encode()
        with begin_request(engine, "/invocations", large):
            until(lambda: engine.ask("POST", "/invocations", large).status == 503)
            assert engine.predict([1]).status == 200
        until(lambda: engine.ask("POST", "/invocations", large).status == 200)


def test_the_admin_socket_is_the_users_alone(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        directory = RuntimeDirectory.of(engine.common)
        for path in (directory.home, directory.sockets, directory.admin_socket):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        (worker,) = directory.sockets.glob("w-*/http.sock")
        assert stat.S_IMODE(worker.stat().st_mode) & 0o077 == 0
        # None of it is to be had from the gateway.
        for page in ("/status", "/drain", "/replace", "/endpoints/e/metrics"):
            assert engine.ask("POST", page).status == 404
            assert engine.ask("GET", page).status == 404
        stop(engine.common)
        assert engine.process.wait(30) == 0
    assert not directory.admin_socket.exists()


def test_an_empty_token_is_none(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    process = launch(registry, listen="0.0.0.0:0", options={"token": "  "})
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "the token is empty" in said


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
def test_a_clock_that_jumps_moves_nothing(
    registry: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    for name, value in (
        ("LD_PRELOAD", str(FAKETIME)),
        ("FAKETIME_TIMESTAMP_FILE", str(clock)),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ):
        monkeypatch.setenv(name, value)
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(timeout_seconds=5))
    with running_engine(registry, options={"environment": dict(os.environ)}) as engine:
        for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
            monkeypatch.delenv(name)
        engine.until_serving("e", commit)
        workers = engine.workers("e", "1.0")
        today = datetime.now(UTC)
        for jump, years in (("+800d", 2), ("-1200d", -3), ("+0", 0)):
            clock.write_text(jump)
            for _ in range(10):
                assert engine.predict([1]).status == 200
                time.sleep(0.02)
            found = engine.metrics("e")
            assert found.window_seconds < 60
            # The engine does see the other date.
            assert found.since is not None
            assert round((found.since - today).days / 365) == years
        assert engine.metrics("e", 60).version["1.0"]["requests"] == 30
        assert engine.workers("e", "1.0") == workers
        begun = time.monotonic()
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        assert time.monotonic() - begun < 5
