"""The supervisor follows the branch, and no clock but the monotonic one moves it."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import PATIENCE_SECONDS, kill, launch, running_engine, until

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow  # CI runs it, too


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


def test_a_broken_file_leaves_its_endpoint_as_it_was_and_the_others_are_followed(
    registry: FolderRegistry,
) -> None:
    registry.endpoint("f", {"1.0": 1.0})
    good = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", good)
        registry.file("e", "format = 1\nendpoint = ")
        problem = until(lambda: engine.status()["problem"])
        assert "'endpoints/e.toml'" in problem
        engine.until_serving("f", registry.endpoint("f", {"1.1": 1.0}))
        assert engine.predict([1], "/endpoints/f/invocations").version == "1.1"
        assert engine.predict([1], "/endpoints/e/invocations").version == "1.0"
        assert engine.status()["problem"] == problem
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
        assert engine.status()["problem"] is None


def test_a_broken_file_does_not_keep_the_others_from_being_served(
    registry: FolderRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.file("e", "format = 99")
    commit = registry.endpoint("f", {"1.0": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("f", commit)
        assert list(engine.status()["endpoints"]) == ["f"]
    assert capsys.readouterr().out.count("endpoint 'e' is not followed") == 1


def test_a_broken_file_that_is_alone_at_the_start_is_an_error(registry: FolderRegistry) -> None:
    registry.file("e", "format = 99")
    process = launch(registry)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 5
    assert "'endpoints/e.toml'" in said


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
def test_a_clock_that_jumps_moves_nothing(
    registry: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    for name, value in (
        ("LD_PRELOAD", str(FAKETIME)),
        ("FAKETIME_TIMESTAMP_FILE", str(clock)),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ):
        monkeypatch.setenv(name, value)
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(timeout_seconds=5))
    with running_engine(registry, options={"environment": dict(os.environ)}) as engine:
        for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
            monkeypatch.delenv(name)
        engine.until_serving("e", commit)
        workers = engine.workers("e", "1.0")
        today = datetime.now(UTC)
        for jump, years in (("+800d", 2), ("-1200d", -3), ("+0", 0)):
            clock.write_text(jump)
            for _ in range(10):
                assert engine.predict([1]).status == 200
                time.sleep(0.02)
            found = engine.metrics("e")
            assert found.window_seconds < 3600
            # The engine does see the other date.
            assert found.since is not None
            assert round((found.since - today).days / 365) == years
        assert engine.metrics("e", 60).version["1.0"]["requests"] == 30
        assert engine.workers("e", "1.0") == workers
        engine.until_serving("e", registry.endpoint("e", {"1.1": 1.0}))
