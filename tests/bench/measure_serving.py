"""What the engine does in requests a second, beside what it is to be compared with; run by hand.

    PYTHONPATH=tests python tests/bench/measure_serving.py [--mlflow PYTHON] [--against CHECKOUT]
        [--runs 5] [--seconds 5]

Needs `wrk`.  Serves an echo model, and a scikit-learn model by skops; with `--mlflow`, the Python of an
environment that has mlflow and scikit-learn, the same model by `mlflow models serve` too; with `--against`, the
echo model by another checkout of this project too.  The servers that are compared run side by side, are asked in
turns, never at once, and the medians of the runs are reported, and of the ratios of each two that follow each
other.  Only as good as the machine is quiet: the load average is printed with the figures.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine, until

CONNECTIONS = 16
ROW = '{"inputs": [[5.1, 3.5, 1.4, 0.2]]}'
FIGURES = re.compile(r"99%\s+([\d.]+)(us|ms|s)\b|Requests/sec:\s+([\d.]+)|Non-2xx or 3xx responses: (\d+)")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
TRAIN = """
import sys
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
"""


@dataclass(frozen=True)
class Figures:
    """One run of wrk: requests a second, the 99th percentile in milliseconds, answers that were errors."""

    rate: float
    p99: float
    errors: int


def wrk(url: str, body: str, seconds: int, directory: Path) -> Figures:
    script = directory / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n"
    )
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = p99 = 0.0
    errors = 0
    for found in FIGURES.finditer(said):
        number, unit, requests, failed = found.groups()
        p99 = float(number) * UNITS[unit] if number else p99
        rate = float(requests) if requests else rate
        errors = int(failed) if failed else errors
    return Figures(rate, p99, errors)


def skops_model(directory: Path) -> Path:
    path = directory / "model.skops"
    save = f"{TRAIN}\nimport skops.io\nskops.io.dump(model, {str(path)!r})"
    subprocess.run([sys.executable, "-c", save], check=True)
    return path


@contextmanager
def mlflow_server(python: str, directory: Path) -> Iterator[str]:
    """The same model as `mlflow models serve` serves it; the URL."""
    path = directory / "mlflow-model"
    subprocess.run(
        [python, "-c", f"{TRAIN}\nimport mlflow.sklearn\nmlflow.sklearn.save_model(model, {str(path)!r})"],
        check=True,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # It looks for uvicorn beside its own Python.
    environment = {**os.environ, "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [
        python,
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        str(path),
        "-p",
        str(port),
        "--env-manager",
        "local",
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/ping"))
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


def report(name: str, runs: list[Figures]) -> None:
    rate = statistics.median(run.rate for run in runs)
    spread = f"{min(run.rate for run in runs):.0f}..{max(run.rate for run in runs):.0f}"
    p99 = statistics.median(run.p99 for run in runs)
    errors = sum(run.errors for run in runs)
    load = os.getloadavg()[0]
    print(
        f"{name:34} {rate:7.0f}/s ({spread})  p99 {p99:6.1f} ms  errors {errors}  load {load:.1f}", flush=True
    )


def in_turns(urls: dict[str, str], runs: int, seconds: int, directory: Path) -> None:
    found: dict[str, list[Figures]] = {name: [] for name in urls}
    for url in urls.values():
        wrk(url, ROW, 1, directory)
    for _ in range(runs):
        for name, url in urls.items():
            found[name].append(wrk(url, ROW, seconds, directory))
    for name, figures in found.items():
        report(name, figures)
    if len(urls) == 2:
        ratios = [ours.rate / theirs.rate for ours, theirs in zip(*found.values(), strict=True)]
        spread = f"{min(ratios):.2f}..{max(ratios):.2f}"
        print(f"{'ratio, median of the pairs':34} {statistics.median(ratios):7.2f}   ({spread})", flush=True)


def copy_of(registry: FolderRegistry) -> FolderRegistry:
    """The same folder elsewhere: each engine has a place of its own beside its registry."""
    other = copy(registry)
    other.folder = registry.folder.parent / "other" / "registry"
    shutil.copytree(registry.folder, other.folder)
    return other


def url_of(engine: RunningEngine, endpoint: str) -> str:
    return f"{engine.address}/endpoints/{endpoint}/invocations"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mlflow", metavar="PYTHON")
    parser.add_argument("--against", metavar="CHECKOUT", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not on PATH")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = FolderRegistry(directory / "registry")
        registry.version("1.0", {"serve.py": ECHO}, PYTHON)
        registry.version("1.1", {"serve.py": f"# 1.1\n{ECHO}"}, PYTHON)
        registry.version("2.0", skops_model(directory))
        registry.endpoint("echo", {"1.0": 0.9, "1.1": 0.1})
        commit = registry.endpoint("iris", {"2.0": 1.0}, replicas=2)
        engine = stack.enter_context(running_engine(registry))
        for name in ("echo", "iris"):
            engine.until_serving(name, commit)
        urls = {"echo, two versions": url_of(engine, "echo")}
        if given.against:
            other = stack.enter_context(running_engine(copy_of(registry), checkout=given.against))
            other.until_serving("echo", commit)
            urls[str(given.against)] = url_of(other, "echo")
        in_turns(urls, given.runs, given.seconds, directory)
        urls = {"scikit-learn by skops, 2 workers": url_of(engine, "iris")}
        if given.mlflow:
            urls["mlflow models serve"] = stack.enter_context(mlflow_server(given.mlflow, directory))
        in_turns(urls, given.runs, given.seconds, directory)
        time.sleep(1)
        (gateway,) = engine.status()["gateways"]
        print(f"{'gateway, resident':34} {gateway['resident_bytes'] / 1e6:7.1f} MB")


if __name__ == "__main__":
    main()
