"""Counts after an orderly stop: until the next start from the file, and then from the new engine."""

import json
import os
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.program import run_program
from support.running_engine import PATIENCE_SECONDS, launch, running_engine
from support.running_registry import ServedRegistry, serving

from regolo_git.errors import NotFound
from regolo_git.serving.local import engine as local_engine

pytestmark = pytest.mark.slow  # CI runs it, too


def test_counts_are_there_after_a_stop_and_after_the_next_start(tmp_path: Path) -> None:
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.endpoint("1.0")

    def metrics(*options: str) -> dict:
        return json.loads(run_program(served.top, "metrics", "e", "--json", *options).stdout)

    with serving(served.top) as engine:
        for _ in range(7):
            assert engine.predict([1]).status == 200
        assert run_program(served.top, "serve", "--stop").returncode == 0
        stopped = metrics("--window", "1h")
        assert (stopped["source"], stopped["version"]["1.0"]["requests"]) == ("stopped", 7)
        assert stopped["version"]["1.0"]["weight"] == 1
        assert stopped["version"]["1.0"]["latency_p50"] > 0
        assert engine.process.wait(PATIENCE_SECONDS) == 0
    assert "the server has stopped" in run_program(served.top, "metrics", "e").stdout
    assert run_program(served.top, "metrics", "e", "--record").returncode == 0
    with serving(served.top) as engine:
        assert metrics("--window", "1h")["version"]["1.0"]["requests"] == 7
        assert engine.predict([1]).status == 200
        running = metrics("--window", "1h")
        assert (running["source"], running["version"]["1.0"]["requests"]) == ("gateway", 8)
    assert metrics("--window", "1h")["version"]["1.0"]["requests"] == 8


def test_counts_of_an_endpoint_that_another_engine_does_not_serve_are_kept(registry: FolderRegistry) -> None:
    registry.endpoint("f", {"1.1": 1.0})
    registry.endpoint("e", {"1.0": 1.0})
    for names in (["e", "f"], ["f"], ["f"]):
        with running_engine(registry, endpoints=names) as engine:
            assert engine.predict([1], f"/endpoints/{names[0]}/invocations").status == 200
    assert engine.metrics("e").version["1.0"]["requests"] == 1
    assert engine.metrics("f").version["1.1"]["requests"] == 2


def test_a_killed_engine_leaves_what_the_one_before_kept(registry: FolderRegistry) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        assert engine.predict([1]).status == 200
        with pytest.raises(NotFound):
            engine.metrics("nobody")
    process = launch(registry)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.kill()
    process.communicate()
    assert local_engine.metrics(engine.common, "e", 3600).version["1.0"]["requests"] == 1
    with pytest.raises(NotFound):
        local_engine.metrics(engine.common, "nobody", 3600)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_does_not_keep_the_engine_from_stopping(
    registry: FolderRegistry,
) -> None:
    registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        (engine.common / "regolo/serving").chmod(0o500)
