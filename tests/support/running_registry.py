"""A real registry in Git, served by the program itself, and load on it from another process."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from regolo_git.api import Registry
from regolo_git.records.routing import Routing
from support.git_program import git, new_repository
from support.places import PYTHONPATH
from support.running_engine import ECHO, TRUSTING, RunningEngine, until

CLIENT = Path(__file__).with_name("load_client.py")


class ServedRegistry:
    """A Git repository with one model `m`, and the endpoint `e` on it."""

    def __init__(self, top: Path, store: Path | None = None) -> None:
        """`store` is the directory of its shared store, if it has one."""
        self.top = new_repository(top)
        self.registry = Registry.init(top, str(store) if store is not None else None)
        self.registry.register_model("m", b"no version to serve", version="0.1")

    def version(self, version: str, code: str = ECHO, **serving: object) -> None:
        """Makes a version whose artifact is code, told apart from every other by its first line."""
        artifact = self.top.parent / f"artifact-{version}"
        artifact.mkdir()
        (artifact / "serve.py").write_text(f"# {version}\n{code}")
        block = {"format": "python", "entry_point": "serve:load", "idempotent": True} | serving
        self.registry.create_model_version("m", version, model_data=artifact, serving=block)

    def endpoint(self, version: str, replicas: int = 1, routing: Routing | None = None) -> str:
        self.registry.create_endpoint("e", "m", version, replicas=replicas, routing=routing)
        return self.head

    def traffic(self, weights: Mapping[str, float], replicas: int | None = None) -> str:
        counts = dict.fromkeys(weights, replicas) if replicas is not None else None
        self.registry.update_endpoint_traffic("e", weights, replicas=counts)
        return self.head

    def rollback(self, version: str | None = None) -> str:
        self.registry.rollback_endpoint("e", version)
        return self.head

    def write_by_hand(self, path: str, text: str) -> str:
        """A commit that somebody made with an editor and Git."""
        file = self.top / path
        file.write_text(text)
        for command in (["add", path], ["commit", "-qm", f"edit {path}"]):
            git(self.top, *command)
        return self.head

    @property
    def head(self) -> str:
        return git(self.top, "rev-parse", "main").strip()


@contextmanager
def serving(
    top: Path, *arguments: str, policy_text: str = TRUSTING, said: int | TextIO = subprocess.PIPE
) -> Iterator[RunningEngine]:
    """`git regolo serve` in a process of its own, until the block ends; `said` is where it talks to."""
    policy = top.parent / "policy.toml"
    policy.write_text(policy_text)
    command = [sys.executable, "-m", "regolo_git", "serve", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--policy", str(policy), *arguments],
        cwd=top,
        stdout=subprocess.PIPE,
        stderr=said,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )
    assert process.stdout is not None
    engine = RunningEngine(process, process.stdout.readline().strip(), top / ".git")
    try:
        assert engine.address, engine.stop()
        yield engine
    finally:
        print(engine.stop())
    assert process.returncode == 0


@dataclass(frozen=True)
class Request:
    """One request as its client saw it."""

    sent: float
    answered: float
    version: str | None
    status: int


class Load:
    """What the client in the other process saw; there once `ended` has been called."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.requests: list[Request] = []
        self._process = process

    def ended(self) -> list[Request]:
        """Ends the load and returns every request."""
        if not self.requests:
            said, _ = self._process.communicate("enough\n", timeout=90)
            assert self._process.returncode == 0
            self.requests = [Request(*json.loads(line)) for line in said.splitlines()]
        return self.requests

    @property
    def lost(self) -> list[Request]:
        return [request for request in self.ended() if request.status != 200]

    def by_version(self) -> dict[str | None, int]:
        return dict(Counter(request.version for request in self.ended()))

    def between(self, begin: float, end: float) -> Counter[str | None]:
        """How many requests that were sent between two moments each version answered."""
        return Counter(request.version for request in self.ended() if begin <= request.sent < end)


@contextmanager
def load_on(engine: RunningEngine, *, connections: int = 16, rate: float = 400) -> Iterator[Load]:
    """Load on the endpoint `e` until the block ends."""
    url = f"{engine.address}/endpoints/e/invocations"
    process = subprocess.Popen(
        [sys.executable, str(CLIENT), url, f"--connections={connections}", f"--rate={rate}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    load = Load(process)
    try:
        until(lambda: sum(v["requests"] for v in engine.metrics("e").version.values()))
        yield load
    finally:
        load.ended()


def counted(engine: RunningEngine) -> dict[str, int]:
    """What the engine counted of each version that had a request."""
    versions = engine.metrics("e").version
    return {name: held["requests"] for name, held in versions.items() if held["requests"]}


def assert_share(seen: Counter[str | None], version: str, share: float) -> None:
    """Within five standard deviations of the binomial distribution."""
    total = sum(seen.values())
    assert total > 100
    assert abs(seen[version] - total * share) <= 5 * (total * share * (1 - share)) ** 0.5, seen
