"""A real engine in a process of its own, and a plain client for it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from regolo_git.serving.local import engine
from regolo_git.serving.metrics.values import EndpointMetrics
from support.folder_source import FolderRegistry
from support.places import ROOT

SCRIPT = "tests/support/serve_folder.py"
ECHO = "def load(path, config):\n    return lambda inputs: inputs\n"
TRUSTING = 'formats = ["onnx", "safetensors", "skops", "python", "mlflow"]\nrepository_code = true\n'
Found = TypeVar("Found")
# Only a failure takes this long: a machine may be slow, and other tests may need its processors.
PATIENCE_SECONDS = 120.0
PYTHON = {"format": "python", "entry_point": "serve:load", "idempotent": True}


@dataclass(frozen=True)
class Answer:
    """What the gateway said."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def version(self) -> str | None:
        return self.headers.get("x-model-version")


class RunningEngine:
    """An engine that has said where it listens."""

    def __init__(self, process: subprocess.Popen[str], address: str, common: Path) -> None:
        self.process = process
        self.address = address
        self.common = common

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(), named)
        finally:
            connection.close()

    def predict(
        self, inputs: object, path: str = "/invocations", headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self.ask("POST", path, json.dumps({"inputs": inputs}).encode(), headers)

    def status(self, endpoint: str | None = None) -> dict:
        status = engine.status(self.common)
        return status["endpoints"][endpoint] if endpoint else status

    def metrics(self, endpoint: str, seconds: float = 600) -> EndpointMetrics:
        return engine.metrics(self.common, endpoint, seconds)

    def in_flight(self, endpoint: str, version: str) -> int:
        """How many requests are under way, as Prometheus reads it."""
        series = re.escape(f'regolo_inflight_requests{{endpoint="{endpoint}",version="{version}"}} ')
        found = re.search(rf"^{series}(\d+)", self.ask("GET", "/metrics").body.decode(), re.MULTILINE)
        return int(found[1]) if found else 0

    def workers(self, endpoint: str, version: str) -> list[int]:
        """The processes of a version's ready workers."""
        names = self.status(endpoint)["versions"][version]["workers"]
        return [process for name in names for process in worker_processes(name)]

    def until_serving(self, endpoint: str, commit: str, seconds: float = PATIENCE_SECONDS) -> dict:
        """Waits until a commit is in force."""
        return until(lambda: self._in_force(endpoint, commit), seconds)

    def _in_force(self, endpoint: str, commit: str) -> dict | None:
        status = self.status()["endpoints"].get(endpoint, {})
        return status if status.get("observed_commit") == commit and status["state"] == "serving" else None

    def until_failed(self, endpoint: str, seconds: float = PATIENCE_SECONDS) -> dict:
        """Waits until the engine says what is wrong with an endpoint."""

        def failed() -> dict | None:
            status = self.status()["endpoints"].get(endpoint)
            return status if status is not None and status["state"] == "failed" else None

        return until(failed, seconds)

    def stop(self) -> str:
        """Ends it as an operator would; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        return said


def worker_processes(name: str) -> list[int]:
    """The processes whose working directory is that of a worker."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().name == name:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(process: int, number: int = signal.SIGKILL) -> None:
    """Sends a process a signal."""
    os.kill(process, number)


def until(look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
    """Looks again and again until there is something to see."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing to see within {seconds} seconds; last was {found!r}")


def launch(registry: FolderRegistry, *, checkout: Path = ROOT, **given: object) -> subprocess.Popen[str]:
    """Starts the program as a checkout has it; `given` is what `serve_folder.py` takes."""
    home = registry.folder.parent
    policy = home / "policy.toml"
    policy.write_text(str(given.pop("policy_text", TRUSTING)))
    arguments = {"common": str(home / "git"), "folder": str(registry.folder), "policy": str(policy)} | given
    return subprocess.Popen(
        [sys.executable, str(checkout / SCRIPT), json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'tests'}"},
    )


@contextmanager
def running_engine(registry: FolderRegistry, **given: object) -> Iterator[RunningEngine]:
    """An engine that serves until the block ends, and that leaves nothing behind."""
    process = launch(registry, **given)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    engine = RunningEngine(process, address, registry.folder.parent / "git")
    try:
        assert address, engine.stop()
        yield engine
    finally:
        said = engine.stop()
        print(said)
    assert process.returncode == 0, said
