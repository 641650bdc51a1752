"""Gateways come and go: killed or replaced, no count and no connection is lost."""

import signal

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import kill, running_engine, until

pytestmark = pytest.mark.slow


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
