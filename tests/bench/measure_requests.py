"""What becomes of requests when something goes wrong around them; run by hand, and by CI at a tenth.

    PYTHONPATH=tests python tests/bench/measure_requests.py [--scale 1.0]

At a scale of 1: a request of 45 s at an endpoint that allows 120 s, while the gateway is replaced, the server is
stopped, or gets SIGTERM; 200 requests beside others that are over their time and have their workers killed; and
the next request after 500 whose callers hung up.  Fails when a request is lost or late.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.folder_source import FolderRegistry
from support.places import PYTHONPATH
from support.running_engine import RunningEngine, running_engine, until
from support.running_registry import ServedRegistry, load_on, serving

from regolo_git.records.routing import Routing

# `[seconds]`; the load of another process sends rows.
SLEEPING = """
import time
def load(path, config):
    def predict(inputs):
        if not isinstance(inputs[0], list):
            time.sleep(inputs[0])
        return inputs
    return predict
"""
PERSON = {
    "GIT_AUTHOR_NAME": "Bench", "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench", "GIT_COMMITTER_EMAIL": "bench@example.com",
}
PREDICTION_SECONDS = 3.0
EACH_ROUND = 20


def command(engine: RunningEngine, *arguments: str) -> None:
    environment = {"PYTHONPATH": PYTHONPATH, "PATH": "/usr/bin:/bin"}
    run = [sys.executable, "-m", "regolo_git", "serve", *arguments]
    subprocess.run(run, cwd=engine.common.parent, env=environment, check=True, capture_output=True)


def terminate(engine: RunningEngine) -> None:
    engine.process.send_signal(signal.SIGTERM)
    engine.process.wait(200)


ACTS: dict[str, Callable[[RunningEngine], None]] = {
    "serve --replace": lambda engine: command(engine, "--replace"),
    "serve --stop": lambda engine: command(engine, "--stop"),
    "SIGTERM": terminate,
}


def outlives(home: Path, name: str, seconds: float) -> bool:
    """Whether a request is answered that is under way when the server is told something, under load."""
    served = ServedRegistry(home / "registry")
    served.version("1.0", SLEEPING, idempotent=False)
    served.endpoint("1.0", replicas=2, routing=Routing(timeout_seconds=120))
    with serving(served.top) as engine, ThreadPoolExecutor(1) as pool:
        engine.until_serving("e", served.head)
        with load_on(engine, rate=100) as load:
            begun = time.monotonic()
            slow = pool.submit(engine.predict, [seconds])
            time.sleep(1)
            told = time.monotonic()
            ACTS[name](engine)
            status, took = slow.result().status, time.monotonic() - begun
        # Who connects after a stop finds nobody.
        lost = [r for r in load.lost if name == "serve --replace" or r.answered < told]
    print(f"{name:24} a request of {seconds:g} s: {status} after {took:.1f} s; {len(lost)} others lost", flush=True)
    return status == 200 and not lost


def bystanders(registry: FolderRegistry, count: int) -> bool:
    """Whether requests are answered beside those that are over their time, 20 to each; one replica."""
    registry.version("1.0", {"serve.py": SLEEPING}, {"format": "python", "entry_point": "serve:load"})
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(timeout_seconds=6))
    statuses: list[int] = []
    with running_engine(registry) as engine, ThreadPoolExecutor(EACH_ROUND + 1) as pool:
        engine.until_serving("e", commit)
        while len(statuses) < count:
            until(lambda: engine.predict([0]).status == 200)
            slow = pool.submit(engine.predict, [60])
            time.sleep(5.3)
            beside = [pool.submit(engine.predict, [0]) for _ in range(min(EACH_ROUND, count - len(statuses)))]
            statuses += [answer.result().status for answer in beside]
            slow.result()
        restarts = engine.status("e")["versions"]["1.0"]["restarts"]
    lost = sum(status != 200 for status in statuses)
    print(f"{'over their time':24} {restarts} workers killed; {lost} of {len(statuses)} others lost", flush=True)
    return lost == 0


def abandoned(registry: FolderRegistry, count: int) -> bool:
    """Whether the next request waits for less than one prediction after those whose callers hung up."""
    registry.version("1.0", {"serve.py": SLEEPING}, {"format": "python", "entry_point": "serve:load"})
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(timeout_seconds=120, max_concurrency=1000))
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        connections = []
        for _ in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", engine.port)
            connection.request("POST", "/invocations", json.dumps({"inputs": [PREDICTION_SECONDS]}))
            connections.append(connection)
        until(lambda: engine.metrics("e").version["1.0"] is not None)
        # They give up in the middle of a prediction, and what is left of it is what may be waited for.  It is as
        # long as one if it has just begun, and then nothing would be left for the way there and back.
        time.sleep(PREDICTION_SECONDS / 4)
        for connection in connections:
            connection.close()
        begun = time.monotonic()
        status = engine.predict([0]).status
        took = time.monotonic() - begun
        counted = engine.metrics("e").version["1.0"]["abandoned"]
    print(f"{'abandoned':24} {counted} of {count}; the next answered ({status}) after {took:.2f} s", flush=True)
    return status == 200 and took < PREDICTION_SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    os.environ.update(PERSON)
    good = []
    with tempfile.TemporaryDirectory() as directory:
        homes = (Path(directory) / str(number) for number in range(9))
        for name in ACTS:
            good.append(outlives(next(homes), name, max(45 * scale, 8)))
        good.append(bystanders(FolderRegistry(next(homes) / "registry"), max(round(200 * scale), EACH_ROUND)))
        good.append(abandoned(FolderRegistry(next(homes) / "registry"), max(round(500 * scale), 50)))
    if not all(good):
        sys.exit(1)


if __name__ == "__main__":
    main()
