"""A worker that joins requests, behind the gateway: many callers, one who ends the worker, one who is late."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import Answer, RunningEngine, running_engine, until

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow  # CI runs it, too

# Answers with the number of rows of its call; `-1` ends the worker, `-2` takes too long, `-3` waits for a file.
COUNTING = """
import os, time
from pathlib import Path
def load(path, config):
    def predict(rows):
        time.sleep(0.02)
        while -3 in rows and not Path(config["go"]).exists():
            time.sleep(0.01)
        if -1 in rows:
            os._exit(1)
        if -2 in rows:
            time.sleep(60)
        return [len(rows)] * len(rows)
    return predict
"""
BLOCK = {"format": "python", "entry_point": "serve:load", "idempotent": True, "warmup": [{"inputs": [1]}]}


@contextmanager
def serving(
    registry: FolderRegistry, replicas: int = 1, seconds: float = 30, **block: object
) -> Iterator[RunningEngine]:
    registry.version("1.0", {"serve.py": COUNTING}, BLOCK | {"batch": {"max": 8}} | block)
    commit = registry.endpoint("e", {"1.0": 1.0}, replicas, Routing(timeout_seconds=seconds, retry=2))
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        yield engine


def ask(engine: RunningEngine, rows: list[list[int]]) -> list[Answer]:
    with ThreadPoolExecutor(len(rows)) as pool:
        return list(pool.map(engine.predict, rows))


def test_requests_of_many_callers_are_joined(registry: FolderRegistry, tmp_path: Path) -> None:
    go = tmp_path / "go"
    with serving(registry, config={"go": str(go)}) as engine, ThreadPoolExecutor(2) as pool:
        first = pool.submit(engine.predict, [-3])
        until(lambda: engine.in_flight("e", "1.0") == 1)
        asked = pool.submit(ask, engine, [[1] * (1 + number % 3) for number in range(60)])
        until(lambda: engine.in_flight("e", "1.0") == 61)
        go.touch()
        assert first.result().status == 200
        answers = asked.result()
        assert {answer.status for answer in answers} == {200}
        sizes = [answer.json["predictions"] for answer in answers]
        assert [len(size) for size in sizes] == [1 + number % 3 for number in range(60)]
        assert max(size[0] for size in sizes) > 3
        assert max(size[0] for size in sizes) <= 8
        assert engine.metrics("e").version["1.0"]["requests"] == 61


def test_who_ends_the_worker_is_found_and_the_others_are_answered(registry: FolderRegistry) -> None:
    with serving(registry) as engine:
        answers = ask(engine, [[-1 if number == 5 else 1] for number in range(12)])
        assert [answer.status for answer in answers] == [502 if number == 5 else 200 for number in range(12)]


def test_nobody_is_late_with_a_call_of_another(registry: FolderRegistry) -> None:
    with serving(registry, 2, seconds=6, batch={"max": 2}) as engine, ThreadPoolExecutor(20) as pool:
        late = pool.submit(engine.predict, [-2, 1])
        others = [pool.submit(engine.predict, [1]) for _ in range(16)]
        assert {other.result().status for other in others} == {200}
        assert late.result().status == 504
        assert engine.predict([1]).json == {"predictions": [1]}
        until(lambda: engine.status("e")["versions"]["1.0"]["restarts"] == 1)
