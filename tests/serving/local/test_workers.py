"""Workers that crash, hang, leak, answer garbage or do not start, and what each may see and load."""

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, is_alive, kill, running_engine, until
from support.running_registry import ServedRegistry, serving

from regolo_git.records.routing import Routing
from regolo_git.serving.local.runtime_directory import RuntimeDirectory


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


GARBAGE = """
import uvicorn

def garbage(server, sockets):
    while True:
        connection, _ = sockets[0].accept()
        connection.recv(100_000)
        connection.sendall(b"\\xff garbage\\r\\n\\r\\n")
        connection.close()

def load(path, config):
    uvicorn.Server.run = garbage
    return lambda inputs: inputs
"""
TURNING = """
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.application import WorkerApp

async def garbage(app, scope, receive, send):
    await HttpAnswer(500, b"garbage").send(send)

def load(path, config):
    def predict(inputs):
        if inputs == ["turn"]:
            WorkerApp.__call__ = garbage
        return inputs
    return predict
"""


def test_a_worker_that_answers_garbage_never_gets_into_the_table(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": GARBAGE}, PYTHON)
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"2.0": 1.0})
        assert "does not answer as a worker does" in engine.until_failed("e")["problem"]
        assert engine.predict([1]).version == "1.0"


@pytest.mark.slow
def test_a_worker_that_turns_to_garbage_is_replaced(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": TURNING}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry, options={"health_seconds": 0.1}) as engine:
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
    registry.endpoint("e", {"2.0": 1.0}, routing=Routing(retry=2, timeout_seconds=10))
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        assert engine.predict(["fall"]).status == 502
        assert engine.predict([1]).status == 200
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == falls)


def test_a_version_that_does_not_start_leaves_the_last_good_one(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": "raise RuntimeError('no weights')"}, PYTHON)
    good = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", good)
        bad = registry.endpoint("e", {"1.0": 0.5, "2.0": 0.5})
        status = engine.until_failed("e")
        assert "no weights" in status["problem"]
        assert (status["observed_commit"], status["desired_commit"]) == (good, bad)
        assert {engine.predict([1]).version for _ in range(10)} == {"1.0"}
        workers = set(status["versions"]["1.0"]["workers"])
        left = {path.name for path in RuntimeDirectory.of(engine.common).sockets.glob("w-*")}
        assert left == workers


def test_the_first_version_that_does_not_start_is_said_to_callers(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": "raise RuntimeError('no weights')"}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_failed("e")
        answer = engine.predict([1])
        assert answer.status == 503
        assert b"no weights" in answer.body


def test_a_warm_up_that_fails_keeps_a_version_out(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": FALLING}, PYTHON | {"warmup": [{"inputs": [1]}, {"outputs": [1]}]})
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        assert "warm-up request 2 failed" in engine.until_failed("e")["problem"]


def test_code_runs_only_where_the_operator_allows_it(
    registry: FolderRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, policy_text="") as engine:
        status = engine.until_failed("e")
        assert "format 'python' of 'm' is not allowed" in status["problem"]
        assert status["hint"] == "git regolo serve --allow-code m"
    assert "\nhint: git regolo serve --allow-code m\n" in capsys.readouterr().out


def test_an_interpreter_is_used_only_where_the_operator_lists_it(
    registry: FolderRegistry, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(
        f'#!/bin/sh\nexport WHO=other\nexport PYTHONPATH={Path.cwd()}\nexec {sys.executable} "$@"\n'
    )
    other.chmod(0o755)
    code = "import os\ndef load(path, config):\n    return lambda inputs: [os.environ.get('WHO')]\n"
    registry.version("2.0", {"serve.py": code}, PYTHON | {"interpreter": "other"})
    registry.version("2.1", {"serve.py": code}, PYTHON | {"interpreter": "unknown"})
    commit = registry.endpoint("e", {"2.0": 1.0})
    registry.endpoint("f", {"2.1": 1.0})
    policy = f'formats = ["python"]\nrepository_code = true\n[interpreters]\nother = "{other}"\n'
    with running_engine(registry, policy_text=policy) as engine:
        engine.until_serving("e", registry.endpoint("e", {"2.0": 1.0}))
        assert engine.predict([1], "/endpoints/e/invocations").json == {"predictions": ["other"]}
        assert "interpreter 'unknown'" in engine.until_failed("f")["problem"]
        assert commit


def test_nothing_is_read_from_the_working_directory(
    registry: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('code beside the models was run')")
    monkeypatch.chdir(tmp_path)
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)


def test_two_replicas_of_a_directory_with_code_both_find_it_unchanged(registry: FolderRegistry) -> None:
    files = {"serve.py": f"import helper\n{ECHO}", "helper.py": "answer = 42\n"}
    registry.version("2.0", files, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0}, replicas=2)
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        kill(engine.workers("e", "2.0")[0])
        until(lambda: engine.status("e")["versions"]["2.0"]["restarts"] == 1)
        until(lambda: len(engine.workers("e", "2.0")) == 2)


def test_the_environment_of_a_worker_has_nothing_of_ours(
    registry: FolderRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os\ndef load(path, config):\n    return lambda inputs: sorted(os.environ)\n"
    registry.version("2.0", {"serve.py": code}, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    options = {"environment": {"REGOLO_TOKEN": "secret", "GIT_DIR": "/x", "HOME": "/h"}}
    with running_engine(registry, options=options) as engine:
        engine.until_serving("e", commit)
        seen = engine.predict([1]).json["predictions"]
        assert not {"REGOLO_TOKEN", "GIT_DIR"} & set(seen)
        assert {"HOME", "OMP_NUM_THREADS"} <= set(seen)


def test_what_a_worker_started_goes_with_it(registry: FolderRegistry) -> None:
    code = (
        "import subprocess\ndef load(path, config):\n"
        "    child = subprocess.Popen(['sleep', '1000'])\n    return lambda inputs: [child.pid]\n"
    )
    registry.version("2.0", {"serve.py": code}, PYTHON)
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        (child,) = engine.predict([1]).json["predictions"]
    assert not is_alive(child)
