"""The engine as a process: where it listens, what it leaves, what becomes of its gateway."""

import signal
import socket
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PATIENCE_SECONDS, RunningEngine, is_alive, launch, running_engine, until
from support.running_registry import ServedRegistry, serving

pytestmark = pytest.mark.slow  # CI runs it, too


def test_a_port_in_use_is_a_clear_error(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = launch(registry, listen=f"127.0.0.1:{port}")
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 7
    assert f"cannot listen on '127.0.0.1:{port}'" in said
    assert "hint: git regolo serve --listen" in said


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"listen": "0.0.0.0:0"}, 2, "a token is required"),
        ({"listen": "here"}, 2, "is not of the form HOST:PORT"),
        ({"endpoints": ["nobody"]}, 3, "no endpoint 'nobody'"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    registry: FolderRegistry, given: dict[str, object], code: int, words: str
) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    process = launch(registry, **given)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code
    assert words in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_that_is_stopped_while_it_starts_leaves_nothing(
    registry: FolderRegistry, number: signal.Signals
) -> None:
    registry.endpoint("e", {"1.0": 1.0}, replicas=2)
    process = launch(registry)
    assert process.stderr is not None
    assert "is starting" in process.stderr.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert {path.name for path in (registry.folder.parent / "git/regolo/serving").iterdir()} == {
        "counts.json",
        "lock",
    }


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
    until(lambda: not any(is_alive(child) for child in children))
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)


def test_an_engine_that_nobody_hears_serves_on(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.endpoint("1.0")
    # As a log on a disk that is full.
    with Path("/dev/full").open("w") as full, serving(served.top, said=full) as engine:
        commit = served.traffic({"1.0": 1.0}, replicas=2)
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 200


def test_an_empty_token_is_none(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    process = launch(registry, listen="0.0.0.0:0", options={"token": "  "})
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "the token is empty" in said
