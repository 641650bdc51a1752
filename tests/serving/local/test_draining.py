"""A request within its limit is answered, whatever the operator does meanwhile."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import (
    PATIENCE_SECONDS,
    PYTHON,
    Answer,
    RunningEngine,
    is_alive,
    kill,
    running_engine,
    until,
)

from regolo_git.errors import ServingError
from regolo_git.records.routing import Routing
from regolo_git.serving.local import engine as local_engine

pytestmark = pytest.mark.slow  # CI runs it, too

SLEEPING = """
import time
def load(path, config):
    def predict(inputs):
        time.sleep(inputs[0])
        return inputs
    return predict
"""
# Longer than everything that an engine did not wait for when it ignored the limits: its `drain_seconds`, and
# the five seconds that its gateway added.
SECONDS = 8.0
OPTIONS = {"drain_seconds": 0.5}


@pytest.fixture
def slow(registry: FolderRegistry) -> FolderRegistry:
    """The endpoint `e`, whose requests may take two minutes."""
    registry.version("2.0", {"serve.py": SLEEPING}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0}, routing=Routing(timeout_seconds=120))
    return registry


def processes(engine: RunningEngine) -> list[int]:
    """Every process of an engine."""
    gateways = [gateway["process"] for gateway in engine.status()["gateways"]]
    return [engine.process.pid, *gateways, *engine.workers("e", "2.0")]


@contextmanager
def under_way(engine: RunningEngine, seconds: float = SECONDS) -> Iterator[Future[Answer]]:
    """A request of `e` that is being predicted."""
    path = "/endpoints/e/invocations"
    until(lambda: engine.predict([0], path).status == 200)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(engine.predict, [seconds], path)
        until(lambda: engine.in_flight("e", "2.0"))
        yield answer


def terminate(engine: RunningEngine) -> None:
    engine.process.send_signal(signal.SIGTERM)


def ended(engine: RunningEngine) -> int:
    """Waits until the engine has ended by itself: a second signal would mean not to wait."""
    return engine.process.wait(PATIENCE_SECONDS)


def terminate_all(engine: RunningEngine) -> None:
    """As systemd ends a service."""
    for process in processes(engine):
        kill(process, signal.SIGTERM)


def hang_up(engine: RunningEngine) -> None:
    (before,) = engine.status()["gateways"]
    engine.process.send_signal(signal.SIGHUP)
    until(
        lambda: (
            before["process"] not in [g["process"] for g in engine.status()["gateways"] if not g["retiring"]]
        )
    )


def replace(engine: RunningEngine) -> None:
    local_engine.replace(engine.common)


def stop(engine: RunningEngine) -> None:
    local_engine.stop(engine.common)


@pytest.mark.parametrize("act", [terminate, terminate_all, hang_up, replace, stop])
def test_a_request_within_its_limit_outlives_it(
    slow: FolderRegistry, act: Callable[[RunningEngine], None]
) -> None:
    with running_engine(slow, options=OPTIONS) as engine, under_way(engine) as answer:
        act(engine)
        assert (answer.result().status, answer.result().json) == (200, {"predictions": [SECONDS]})
        assert act in (hang_up, replace) or ended(engine) == 0


def test_stopping_returns_when_the_engine_has_ended(slow: FolderRegistry) -> None:
    with running_engine(slow, options=OPTIONS) as engine:
        with under_way(engine, 1) as answer:
            (gateway,) = engine.status()["gateways"]
            local_engine.stop(engine.common)
            assert not is_alive(gateway["process"])
            assert answer.result().status == 200
        engine.process.wait(PATIENCE_SECONDS)
        with running_engine(slow, options=OPTIONS) as another:
            assert another.predict([0]).status == 200


def test_a_limit_that_is_shortened_is_that_of_later_requests(slow: FolderRegistry) -> None:
    with (
        running_engine(slow, options=OPTIONS | {"health_seconds": 0.1}) as engine,
        under_way(engine) as answer,
    ):
        commit = slow.endpoint("e", {"2.0": 1.0}, routing=Routing(timeout_seconds=1))
        engine.until_serving("e", commit)
        terminate(engine)
        assert (answer.result().status, ended(engine)) == (200, 0)


def test_an_endpoint_that_leaves_finishes_its_requests(slow: FolderRegistry) -> None:
    slow.endpoint("f", {"1.0": 1.0})
    with running_engine(slow, options=OPTIONS) as engine, under_way(engine) as answer:
        slow.file("e", None)
        until(lambda: "e" not in engine.status()["endpoints"])
        terminate(engine)
        assert (answer.result().status, ended(engine)) == (200, 0)


def test_a_worker_that_dies_while_the_engine_stops_is_replaced(slow: FolderRegistry) -> None:
    with running_engine(slow, options=OPTIONS) as engine, under_way(engine, 5) as answer:
        (worker,) = engine.workers("e", "2.0")
        terminate(engine)
        time.sleep(0.3)
        kill(worker)
        assert (answer.result().status, ended(engine)) == (200, 0)  # the version is idempotent


def test_a_stopping_engine_is_not_given_another_gateway(slow: FolderRegistry) -> None:
    def is_refused() -> bool:
        try:
            local_engine.replace(engine.common)
        except ServingError as error:
            return "the server is stopping" in str(error)
        return False

    with running_engine(slow, options=OPTIONS) as engine, under_way(engine) as answer:
        terminate(engine)
        until(is_refused)  # the engine may look at its orders before its signal
        assert (answer.result().status, ended(engine)) == (200, 0)


def test_a_program_that_a_model_starts_can_be_terminated(registry: FolderRegistry, tmp_path: Path) -> None:
    code = """
import subprocess
def load(path, config):
    def predict(inputs):
        child = subprocess.Popen(["sleep", "60"])
        child.terminate()
        return [child.wait(60)]
    return predict
"""
    registry.version("2.0", {"serve.py": code}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        assert engine.predict([0]).json == {"predictions": [-signal.SIGTERM]}
