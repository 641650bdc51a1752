"""One endpoint: what a commit says is what runs, or the last that could be."""

from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, is_alive, running_engine, until

from regolo_git.serving.local.runtime_directory import RuntimeDirectory

pytestmark = pytest.mark.slow  # CI runs it, too

FALLING = """
import os
def load(path, config):
    def predict(inputs):
        if inputs == ["fall"]:
            os._exit(1)
        return inputs
    return predict
"""


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


def test_new_weights_come_into_force(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"1.0": 0.0, "1.1": 1.0})
        until(lambda: engine.predict([1]).version == "1.1")


def test_a_rollback_finds_its_workers_warm(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        workers = engine.workers("e", "1.0")
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        assert engine.status("e")["kept_warm"] == 1
        engine.until_serving("e", registry.endpoint("e", {"1.0": 1.0}))
        assert engine.workers("e", "1.0") == workers


@pytest.mark.slow
def test_workers_are_kept_warm_for_a_time_and_then_let_go(registry: FolderRegistry) -> None:
    gone = registry.version("3.0", {"serve.py": f"# 3.0\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"3.0": 1.0})
    with running_engine(registry, options={"keep_seconds": 1.0}) as engine:
        until(lambda: engine.predict([1]).status == 200)
        (worker,) = engine.workers("e", "3.0")
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        until(lambda: not is_alive(worker))
        assert engine.status("e")["kept_warm"] == 0
        until(lambda: gone.hex in (registry.folder / "discarded").read_text())


@pytest.mark.slow
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


def test_a_rollback_does_not_wait_for_what_it_undoes(registry: FolderRegistry) -> None:
    registry.version("2.0", {"serve.py": f"import time; time.sleep(1000)\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"2.0": 1.0})
        until(lambda: engine.status("e")["state"] == "starting")
        # What it undoes would take far longer to load than this waits.
        engine.until_serving("e", registry.endpoint("e", {"1.0": 1.0}))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_store_that_is_confirmed_later_is_used_then(registry: FolderRegistry) -> None:
    commit, unconfirmed = registry.endpoint("e", {"1.0": 1.0}), registry.folder / "unconfirmed"
    unconfirmed.touch()
    with running_engine(registry) as engine:
        assert "nobody has confirmed" in engine.until_failed("e")["problem"]
        unconfirmed.unlink()
        engine.until_serving("e", commit)


def test_bytes_that_are_not_what_was_pinned_are_not_opened(registry: FolderRegistry, tmp_path: Path) -> None:
    witness = tmp_path / "opened"
    digest = registry.version("2.0", {"serve.py": f"# 2\n{ECHO}"}, PYTHON)
    file = registry.folder / "artifacts" / digest.hex / "model" / "serve.py"
    file.write_text(f"open({str(witness)!r}, 'w')\n{ECHO}")
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        assert str(digest) in engine.until_failed("e")["problem"]
        assert not witness.exists()
