"""One replica over the lives of its workers: crashed, hung, broken or grown, it is replaced."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PYTHON, is_alive, kill, running_engine, until
from support.running_registry import ServedRegistry, serving

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow  # CI runs it, too


def test_a_killed_worker_is_replaced_and_nobody_notices(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        for _ in range(3):
            (worker,) = until(lambda: engine.workers("e", "1.0"))
            kill(worker)
            assert engine.predict([1]).status == 200
        assert engine.status("e")["versions"]["1.0"]["restarts"] == 3


def test_a_worker_that_hangs_is_replaced(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0}, routing=Routing(timeout_seconds=1))
    with running_engine(registry, options={"health_seconds": 0.2}) as engine:
        until(lambda: engine.predict([1]).status == 200)
        (worker,) = engine.workers("e", "1.0")
        kill(worker, signal.SIGSTOP)
        assert engine.predict([1]).status == 504
        until(lambda: engine.predict([1]).status == 200)
        assert engine.workers("e", "1.0") != [worker]
        assert not is_alive(worker)


DAWDLING = """
import time
calls = []
def load(path, config):
    def predict(inputs):
        calls.append(inputs)
        time.sleep(inputs[0])
        return [len(calls)]
    return predict
"""


def test_a_worker_with_more_before_it_than_it_can_do_in_time_is_not_hung(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": DAWDLING}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0}, routing=Routing(timeout_seconds=2))
    with running_engine(registry, options={"health_seconds": 0.1}) as engine:
        until(lambda: engine.predict([0]).status == 200)
        before = engine.workers("e", "2.0")
        with ThreadPoolExecutor(16) as callers:
            statuses = [answer.status for answer in callers.map(engine.predict, [[0.6]] * 32)]
        assert set(statuses) <= {200, 504}
        # Each has its answer or its time is up; those whose callers had left were passed over.
        (calls,) = until(lambda: engine.predict([0])).json["predictions"]  # type: ignore[misc]
        assert calls < 32
        assert engine.workers("e", "2.0") == before


TURNING = """
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.application import WorkerApp

def garbage(app, asked):
    return HttpAnswer(500, b"garbage")

def load(path, config):
    def predict(inputs):
        if inputs == ["turn"]:
            WorkerApp.predict = WorkerApp.page = garbage
        return inputs
    return predict
"""


@pytest.mark.slow
def test_a_worker_that_turns_to_garbage_is_replaced(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": TURNING}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    # Its third wrong answer about its health comes after two seconds, and a request gets one before.
    with running_engine(registry, options={"health_seconds": 1}) as engine:
        until(lambda: engine.predict([1]).status == 200)
        engine.predict(["turn"])
        assert engine.predict([1]).status == 500
        until(lambda: engine.predict([1]).status == 200)
        assert engine.metrics("e").version["2.0"]["errors"] > 0


LEAKING = """
held = []
def load(path, config):
    def predict(inputs):
        held.append(b"x" * 30_000_000)
        return inputs
    return predict
"""


@pytest.mark.slow
def test_a_worker_that_leaks_is_replaced_without_a_failed_request(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": LEAKING}, {"format": "python", "entry_point": "serve:load"})
    registry.endpoint("e", {"2.0": 1.0})
    options = {"health_seconds": 0.1, "worker_memory_bytes": 200_000_000}
    with running_engine(registry, options=options) as engine:
        until(lambda: engine.predict([1]).status == 200)
        for _ in range(40):
            assert engine.predict([1]).status == 200
            time.sleep(0.02)
        assert until(lambda: engine.status("e")["versions"]["2.0"]["restarts"])


def test_the_operator_says_how_much_memory_a_worker_may_hold(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.endpoint("1.0")
    with serving(served.top, "--worker-memory", "1") as engine:  # less than any worker holds
        engine.until_serving("e", served.head)
        until(lambda: engine.status("e")["versions"]["1.0"]["restarts"] > 1)
        assert engine.predict([1]).status == 200
