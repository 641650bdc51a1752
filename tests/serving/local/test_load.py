"""Everything that happens to an endpoint in its life, under load from a second process: no request is lost."""

import os
import signal
import time
from pathlib import Path

import pytest
from support.running_engine import ECHO, RunningEngine, until
from support.running_registry import ServedRegistry, assert_share, counted, load_on, serving

pytestmark = pytest.mark.slow

LOADING_UNTIL = """
import os, time
while not os.path.exists({file!r}):
    time.sleep(0.01)
"""


@pytest.fixture
def served(tmp_path: Path) -> ServedRegistry:
    """The versions 1.0 and 1.1, split 90 to 10, with two workers each."""
    served = ServedRegistry(tmp_path / "registry")
    served.version("1.0")
    served.version("1.1")
    served.endpoint("1.0", replicas=2)
    served.traffic({"1.0": 90, "1.1": 10}, replicas=2)
    return served


def kill_a_worker(engine: RunningEngine, version: str) -> None:
    worker = until(lambda: engine.workers("e", version))[0]
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in engine.workers("e", version))


def replace_the_gateway(engine: RunningEngine) -> None:
    (before,) = engine.status()["gateways"]
    engine.process.send_signal(signal.SIGHUP)
    until(lambda: before["process"] not in [g["process"] for g in engine.status()["gateways"]])


def test_a_split_a_kill_a_rollback_and_a_replacement_lose_nothing(served: ServedRegistry) -> None:
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
        with load_on(engine) as load:
            engine.until_serving("e", served.traffic({"1.0": 50, "1.1": 50}))
            kill_a_worker(engine, "1.0")
            engine.until_serving("e", served.rollback("1.0"))
            rolled_back = time.monotonic()
            replace_the_gateway(engine)
            time.sleep(0.5)
        assert load.lost == []
        assert counted(engine) == load.by_version()
        assert set(load.between(rolled_back, rolled_back + 60)) == {"1.0"}


class Phases:
    """The moments between which a split was in force, long enough for the requests that a share is seen by."""

    def __init__(self, engine: RunningEngine) -> None:
        self._engine = engine
        self.spans: list[tuple[float, float, dict[str, float]]] = []

    def hold(self, shares: dict[str, float], seconds: float) -> None:
        begun, before = time.monotonic(), sum(counted(self._engine).values())
        time.sleep(seconds)
        until(lambda: sum(counted(self._engine).values()) > before + 200)
        self.spans.append((begun, time.monotonic(), shares))


def test_a_whole_life_under_load_loses_nothing(served: ServedRegistry, tmp_path: Path) -> None:
    go = {version: tmp_path / f"go-{version}" for version in ("1.2", "1.3")}
    for version, file in go.items():
        served.version(version, LOADING_UNTIL.format(file=str(file)) + ECHO)
    with serving(served.top) as engine:
        engine.until_serving("e", served.head)
        phases = Phases(engine)
        with load_on(engine) as load:
            phases.hold({"1.0": 0.9, "1.1": 0.1}, 4)

            # New weights.
            engine.until_serving("e", served.traffic({"1.0": 50, "1.1": 50}))
            phases.hold({"1.0": 0.5, "1.1": 0.5}, 4)

            # Three workers killed; both of a version's at once among them.
            for worker in (*engine.workers("e", "1.0"), engine.workers("e", "1.1")[0]):
                os.kill(worker, signal.SIGKILL)
            until(lambda: len(engine.workers("e", "1.0") + engine.workers("e", "1.1")) == 4)
            phases.hold({"1.0": 0.5, "1.1": 0.5}, 2)

            # A version added; while it loads the split before is in force.
            split = {"1.0": 25, "1.1": 25, "1.2": 50}
            commit = served.traffic(split)
            phases.hold({"1.0": 0.5, "1.1": 0.5}, 2)
            go["1.2"].touch()
            engine.until_serving("e", commit)
            phases.hold({name: share / 100 for name, share in split.items()}, 4)

            # A version removed.
            engine.until_serving("e", served.traffic({"1.1": 50, "1.2": 50}))
            phases.hold({"1.1": 0.5, "1.2": 0.5}, 3)

            # Back to one that is warm.
            engine.until_serving("e", served.rollback("1.0"))
            phases.hold({"1.0": 1.0}, 2)

            # A broken commit: the last good state serves, and the engine says what is wrong.
            good = (served.top / "endpoints/e.toml").read_text()
            broken = served.write_by_hand("endpoints/e.toml", good.replace('"1.0" = 1.0', '"1.0" = 0.7'))
            problem = until(lambda: engine.status()["problem"])
            assert "'endpoints/e.toml'" in problem
            assert engine.status()["head"] == broken
            phases.hold({"1.0": 1.0}, 2)
            served.write_by_hand("endpoints/e.toml", good)
            until(lambda: engine.status()["problem"] is None)

            # The gateway replaced, twice in a row.
            replace_the_gateway(engine)
            replace_the_gateway(engine)
            phases.hold({"1.0": 1.0}, 2)

            # Back to one that is cold: nothing is lost while it loads.
            commit = served.rollback("1.3")
            phases.hold({"1.0": 1.0}, 2)
            go["1.3"].touch()
            engine.until_serving("e", commit)
            phases.hold({"1.3": 1.0}, 2)

        assert load.lost == []
        assert counted(engine) == load.by_version()
        for begin, end, shares in phases.spans:
            seen = load.between(begin, end)
            assert set(seen) == {version for version, share in shares.items() if share}
            for version, share in shares.items():
                assert_share(seen, version, share)
