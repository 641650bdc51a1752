"""The engine as a process: where it listens, what it leaves, what becomes of its gateway."""

import signal
import socket
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, is_alive, kill, launch, running_engine, until
from support.running_registry import ServedRegistry, serving


def test_a_port_in_use_is_a_clear_error(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = launch(registry, listen=f"127.0.0.1:{port}")
        _, said = process.communicate(timeout=20)
    assert process.returncode == 7
    assert f"'127.0.0.1:{port}' cannot be listened on" in said
    assert "hint: git regolo serve --listen" in said


def test_a_registry_is_served_once(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry):
        process = launch(registry)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 7
        assert "is being served already" in said


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"listen": "0.0.0.0:0"}, 2, "a token is needed"),
        ({"listen": "here"}, 2, "does not read HOST:PORT"),
        ({"endpoints": ["nobody"]}, 3, "no endpoint 'nobody'"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    registry: FolderRegistry, given: dict[str, object], code: int, words: str
) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    process = launch(registry, **given)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert words in said


def test_a_killed_gateway_is_replaced(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 200
        before = engine.metrics("e").version["1.0"]["requests"]
        (gateway,) = engine.status()["gateways"]
        kill(gateway["process"])
        assert engine.predict([1]).status == 200
        assert engine.metrics("e").version["1.0"]["requests"] == before + 1
        assert engine.status()["gateways"][0]["process"] != gateway["process"]


def test_a_hangup_replaces_the_gateway_and_keeps_the_counts(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        workers, (before,) = engine.workers("e", "1.0"), engine.status()["gateways"]
        for _ in range(5):
            engine.predict([1])
        engine.process.send_signal(signal.SIGHUP)
        until(lambda: [g["process"] for g in engine.status()["gateways"]] != [before["process"]])
        until(lambda: len(engine.status()["gateways"]) == 1)
        engine.predict([1])
        assert engine.metrics("e").version["1.0"]["requests"] == 6
        assert engine.workers("e", "1.0") == workers
        assert 'regolo_requests_total{endpoint="e",outcome="ok",version="1.0"} 6.0' in (
            engine.ask("GET", "/metrics").body.decode()
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_that_is_stopped_while_it_starts_leaves_nothing(
    registry: FolderRegistry, number: signal.Signals
) -> None:
    registry.endpoint("e", {"1.0": 1.0}, replicas=2)
    process = launch(registry)
    assert process.stderr is not None
    assert "is starting" in process.stderr.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert {path.name for path in (registry.folder.parent / "git/regolo/serving").iterdir()} == {"lock"}


@pytest.mark.slow
def test_nothing_outlives_a_killed_engine(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0}, replicas=2)
    process = launch(registry)
    assert process.stdout is not None
    engine = RunningEngine(process, process.stdout.readline().strip(), registry.folder.parent / "git")
    engine.until_serving("e", commit)
    children = [*engine.workers("e", "1.0"), *(g["process"] for g in engine.status()["gateways"])]
    process.kill()
    process.communicate()
    until(lambda: not any(is_alive(child) for child in children), seconds=5)
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)


def test_a_long_path_to_the_registry_is_no_obstacle(tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path / ("long-" * 20) / "registry")
    registry.version("1.0", {"serve.py": ECHO}, PYTHON)
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 200


@pytest.mark.slow
def test_a_server_of_the_operators_stands_in_by_its_address(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as behind:
        behind.until_serving("e", commit)
        front = FolderRegistry(registry.folder.parent / "front" / "registry")
        front.version("7.0", {"nothing": "here"})
        commit = front.endpoint("e", {"7.0": 1.0})
        policy = f'[backends."m@7.0"]\nurls = ["{behind.address}"]\nmodel = "e"\n'
        with running_engine(front, policy_text=policy) as engine:
            engine.until_serving("e", commit)
            tensor = '{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
            answer = engine.ask("POST", "/v2/models/e/infer", tensor.encode())
            assert answer.json["outputs"][0]["data"] == [5]
            assert answer.version == "7.0"


def test_an_engine_that_nobody_hears_serves_on(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.endpoint("1.0")
    # As a log on a disk that is full.
    with Path("/dev/full").open("w") as full, serving(served.top, said=full) as engine:
        commit = served.traffic({"1.0": 1.0}, replicas=2)
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 200
