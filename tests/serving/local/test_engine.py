"""The engine follows the branch: what a commit says is what runs, or the last that could be."""

import signal
import time
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, is_alive, kill, launch, running_engine, until


def test_new_weights_are_in_force_within_a_second(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0})
    with running_engine(registry) as engine:
        until(lambda: engine.predict([1]).status == 200)
        registry.endpoint("e", {"1.0": 0.0, "1.1": 1.0})
        begun = time.monotonic()
        until(lambda: engine.predict([1]).version == "1.1")
        assert time.monotonic() - begun < 1


def test_a_commit_is_observed_once_every_gateway_has_it(registry: FolderRegistry) -> None:
    first = registry.endpoint("e", {"1.0": 1.0, "1.1": 0.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", first)
        (gateway,) = engine.status()["gateways"]
        kill(gateway["process"], signal.SIGSTOP)
        second = registry.endpoint("e", {"1.0": 0.0, "1.1": 1.0})
        until(lambda: engine.status("e")["desired_commit"] == second)
        time.sleep(0.5)
        status = engine.status("e")
        assert (status["state"], status["observed_commit"]) == ("starting", first)
        kill(gateway["process"], signal.SIGCONT)
        engine.until_serving("e", second)
        assert engine.predict([1]).version == "1.1"


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


def test_bytes_that_are_not_what_was_pinned_are_not_opened(registry: FolderRegistry, tmp_path: Path) -> None:
    witness = tmp_path / "opened"
    digest = registry.version("2.0", {"serve.py": f"# 2\n{ECHO}"}, PYTHON)
    file = registry.folder / "artifacts" / digest.hex / "model" / "serve.py"
    file.write_text(f"open({str(witness)!r}, 'w')\n{ECHO}")
    registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry) as engine:
        assert str(digest) in engine.until_failed("e")["problem"]
        assert not witness.exists()
