"""The engine follows the branch, and whatever goes wrong is contained: real processes throughout."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from folder_source import FolderRegistry
from running_engine import ECHO, PYTHON, RunningEngine, is_alive, launch, running_engine, until

from regolo_git.records.routing import Routing
from regolo_git.serving.runtime_directory import RuntimeDirectory

HEADER = "x-regolo-version"


def kill(process: int, number: int = signal.SIGKILL) -> None:
    os.kill(process, number)


def test_new_weights_are_in_force_within_a_second(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"1.0": 0.0, "1.1": 1.0})
        begun = time.monotonic()
        until(lambda: engine.predict([1]).version == "1.1")
        assert time.monotonic() - begun < 1


def test_a_rollback_finds_its_workers_warm(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        workers = engine.workers("e", "1.0")
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        assert engine.status("e")["kept_warm"] == 1
        begun = time.monotonic()
        engine.until_serving("e", registry.endpoint("e", {"1.0": 1.0}))
        assert time.monotonic() - begun < 1
        assert engine.workers("e", "1.0") == workers


def test_workers_are_kept_warm_for_a_time_and_then_let_go(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, options={"keep_seconds": 1.0}) as engine:
        until(lambda: engine.predict([1]).status == 200)
        (worker,) = engine.workers("e", "1.0")
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        until(lambda: not is_alive(worker))
        assert engine.status("e")["kept_warm"] == 0
        until((registry.folder / "discarded").exists)


def test_only_so_many_versions_are_kept_warm(registry: FolderRegistry) -> None:
    for number in range(4):
        registry.version(f"2.{number}", {"serve.py": f"# {number}\n{ECHO}"}, PYTHON)
    with running_engine(registry) as engine:
        for number in range(4):
            engine.until_serving("e", registry.endpoint("e", {f"2.{number}": 1.0}))
        assert engine.status("e")["kept_warm"] == 2


def test_the_same_content_under_a_new_name_keeps_its_workers(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        workers = engine.workers("e", "1.0")
        registry.version("prod-1.0", {"serve.py": f"# 1.0\n{ECHO}"}, PYTHON)
        engine.until_serving("e", registry.endpoint("e", {"prod-1.0": 1.0}))
        assert engine.workers("e", "prod-1.0") == workers
        assert engine.predict([1]).version == "prod-1.0"


def test_another_serving_block_under_the_same_name_gets_new_workers(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        workers = engine.workers("e", "1.0")
        registry.version("1.0", {"serve.py": f"# 1.0\n{ECHO}"}, PYTHON | {"config": {"threads": 2}})
        engine.until_serving("e", registry.endpoint("e", {"1.0": 1.0}))
        assert engine.workers("e", "1.0") != workers


def test_replicas_follow_the_branch(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        for replicas in (3, 1, 2):
            commit = registry.endpoint("e", {"1.0": 1.0}, replicas=replicas)
            engine.until_serving("e", commit)
            until(lambda wanted=replicas: len(engine.workers("e", "1.0")) == wanted)
        assert engine.predict([1]).status == 200


def test_endpoints_come_and_go(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("other", registry.endpoint("other", {"1.1": 1.0}))
        assert engine.predict([1]).status == 404
        assert engine.predict([1], "/endpoints/other/invocations").version == "1.1"
        registry.file("other", None)
        until(lambda: engine.predict([1], "/endpoints/other/invocations").status == 404)
        assert engine.predict([1]).version == "1.0"


def test_only_the_named_endpoints_are_served(registry: FolderRegistry) -> None:
    registry.endpoint("other", {"1.1": 1.0})
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, endpoints=["e"]) as engine:
        engine.until_serving("e", commit)
        assert list(engine.status()["endpoints"]) == ["e"]


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
from regolo_git.serving.http_answer import HttpAnswer
from regolo_git.serving.worker.application import WorkerApp

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


def test_a_rollback_does_not_wait_for_what_it_undoes(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": f"import time; time.sleep(60)\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"2.0": 1.0})
        until(lambda: engine.status("e")["state"] == "starting")
        begun = time.monotonic()
        engine.until_serving("e", registry.endpoint("e", {"1.0": 1.0}))
        assert time.monotonic() - begun < 1


def test_a_broken_file_is_passed_over(registry: FolderRegistry) -> None:
    good = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", good)
        registry.file("e", "format = 1\nendpoint = ")
        problem = until(lambda: engine.status()["problem"])
        assert "'endpoints/e.toml'" in problem
        assert engine.predict([1]).version == "1.0"
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        assert engine.status()["problem"] is None


def test_a_broken_file_at_the_start_is_an_error(registry: FolderRegistry) -> None:
    registry.file("e", "format = 99")
    process = launch(registry)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 5
    assert "'endpoints/e.toml'" in said


def test_missing_bytes_are_asked_for_again(registry: FolderRegistry) -> None:
    digest = registry.version("2.0", {"serve.py": f"# 2\n{ECHO}"}, PYTHON)
    place, elsewhere = registry.folder / "artifacts" / digest.hex, registry.folder / "elsewhere"
    place.rename(elsewhere)
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        commit = registry.endpoint("e", {"2.0": 1.0})
        assert "does not have the bytes" in engine.until_failed("e")["problem"]
        assert engine.predict([1]).version == "1.0"
        elsewhere.rename(place)
        engine.until_serving("e", commit)
        assert engine.predict([1]).version == "2.0"


def test_bytes_that_are_not_what_was_pinned_are_not_opened(registry: FolderRegistry, tmp_path: Path) -> None:
    witness = tmp_path / "opened"
    digest = registry.version("2.0", {"serve.py": f"# 2\n{ECHO}"}, PYTHON)
    file = registry.folder / "artifacts" / digest.hex / "model" / "serve.py"
    file.write_text(f"open({str(witness)!r}, 'w')\n{ECHO}")
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        assert str(digest) in engine.until_failed("e")["problem"]
        assert not witness.exists()


def test_code_runs_only_where_the_operator_allows_it(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, policy_text="") as engine:
        status = engine.until_failed("e")
        assert "format 'python' of 'm' is not allowed" in status["problem"]
        assert status["hint"] == "git regolo serve --allow python"


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
