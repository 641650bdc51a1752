"""A canary of many requests whose gateway is replaced twice; run by hand, and by CI at a tenth.

    PYTHONPATH=tests python tests/bench/measure_canary_run.py [--scale 1.0]

At a scale of 1: more than 10,000 requests at two versions that are equally good, at a real server that decides
by itself.  Fails when a request is lost, when a request is missing from the evidence, or when the canary does not
end with the new version.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from support.git_program import git
from support.places import PYTHONPATH
from support.running_engine import RunningEngine, until
from support.running_registry import ServedRegistry, load_on, serving

from regolo_git.records.canary import CanaryMetric, CanaryPolicy
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

PERSON = {
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.com",
}
REQUESTS = 10_500
RATE = 300.0
SHARE = 0.5
BAKE_SECONDS = 4.0
# Requests that are answered while the split comes into force or ends belong to no block.
LONGEST_EDGE_SECONDS = 3.0
LONGEST_GAP_SECONDS = 3.0


def replace_gateway(engine: RunningEngine) -> None:
    environment = {"PYTHONPATH": PYTHONPATH, "PATH": "/usr/bin:/bin"}
    run = [sys.executable, "-m", "regolo_git", "serve", "--replace"]
    subprocess.run(run, cwd=engine.common.parent, env=environment, check=True, capture_output=True)


def evidence(engine: RunningEngine) -> dict:
    path = RuntimeDirectory.of(engine.common).canary("e")
    return json.loads(path.read_text()) if path.exists() else {"metrics": [], "series": []}


def compared(document: dict) -> int:
    """The requests of both versions that are in the evidence."""
    arms = document["metrics"][:1]
    return sum(arm["baseline"]["requests"] + arm["candidate"]["requests"] for arm in arms)


def run(home: Path, requests: int) -> bool:
    served = ServedRegistry(home / "registry")
    for version in ("1.0", "1.1"):
        served.version(version)
    served.endpoint("1.0", replicas=2)
    policy = CanaryPolicy(
        steps=(SHARE,),
        bake_seconds=BAKE_SECONDS,
        # The share is drawn by chance: with so many of the candidate, all together are more than `requests`.
        min_requests=round(1.05 * requests * SHARE),
        promote=True,
        metrics=(CanaryMetric("error_rate"), CanaryMetric("latency_over", 0.05, 0.1, 1000)),
    )
    with serving(served.top, "--canary") as engine:
        engine.until_serving("e", served.head)
        with load_on(engine, rate=RATE) as load:
            served.registry.start_canary("e", "1.1", policy=policy)
            for part in (1 / 3, 2 / 3):
                until(lambda part=part: compared(evidence(engine)) >= requests * part, 120)
                replace_gateway(engine)
            until(lambda: served.registry.get_endpoint("e").traffic == {"1.1": 1.0}, 120)
        document = evidence(engine)
    message = git(served.top, "log", "-1", "--format=%B", "main")
    times = [datetime.fromisoformat(point["time"]).timestamp() for point in document["series"]]
    begun, ended = times[0], times[-1]
    gap = max(later - earlier for earlier, later in pairwise(times))
    both = (
        min(r.sent for r in load.ended() if r.version == "1.1"),
        max(r.answered for r in load.ended() if r.version == "1.0"),
    )
    missing = both[1] - both[0] - (ended - begun)
    series = sum(sum(point["requests"]) for point in document["series"])
    print(
        f"{len(load.ended())} requests, {len(load.lost)} lost; {compared(document)} compared in {len(times)}"
        f" blocks over {ended - begun:.1f} s, the longest {gap:.2f} s apart; outside of blocks {missing:.1f} s",
        flush=True,
    )
    return (
        not load.lost
        and series == compared(document) >= requests
        and gap < LONGEST_GAP_SECONDS
        and missing < 2 * LONGEST_EDGE_SECONDS
        and "Regolo-Evidence: not worse by error_rate, latency_over 1000 ms" in message
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    os.environ.update(PERSON)
    with tempfile.TemporaryDirectory() as directory:
        if not run(Path(directory), round(REQUESTS * scale)):
            sys.exit(1)


if __name__ == "__main__":
    main()
