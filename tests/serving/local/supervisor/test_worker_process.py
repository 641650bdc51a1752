"""A worker's process: in the table only once it has answered, and gone with all that it started."""

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PYTHON, is_alive, running_engine, until

pytestmark = pytest.mark.slow

GARBAGE = """
from regolo_git.serving.local.worker.server import WorkerServer

async def garbage(server, listener, drain_seconds):
    while True:
        connection, _ = listener.accept()
        connection.recv(100_000)
        connection.sendall(b"\\xff garbage\\r\\n\\r\\n")
        connection.close()

def load(path, config):
    WorkerServer.serve = garbage
    return lambda inputs: inputs
"""


def test_a_worker_that_answers_garbage_never_gets_into_the_table(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": GARBAGE}, PYTHON)
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"2.0": 1.0})
        assert "the worker sent an invalid answer" in engine.until_failed("e")["problem"]
        assert engine.predict([1]).version == "1.0"


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


def test_a_worker_that_takes_too_long_to_load_is_said_with_the_option_that_gives_it_more(
    registry: FolderRegistry,
) -> None:
    registry.version("2.0", {"serve.py": "import time\ntime.sleep(60)\n"}, PYTHON)
    registry.endpoint("e", {"2.0": 1.0})
    options = {"start_seconds": 0.5, "start_attempts": 1}
    with running_engine(registry, options=options) as engine:
        status = engine.until_failed("e")
        assert status["problem"] == "the worker was not ready within 0.5 seconds"
        assert "--start-seconds" in status["hint"]
