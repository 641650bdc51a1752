"""Measures `git regolo review` and holds its bars.

    python measure_review.py WORK [--tensors 200] [--mib 2048] [--models 40] [--store URL | --moto]
                             [--runs 3] [--slack 1] [--wait]

A version of a model of `--mib` MiB in `--tensors` tensors, of which eight have changed, is reviewed with the bytes
in the local store (bar: 2 s), and in a clone without any, from a shared store at URL (default: a directory in WORK;
with --moto a bucket of moto's S3 server on this machine; bar: 5 s). A commit that changes `--models` models is reviewed with the bytes here (bar: 3 s). Each figure is the
best of `--runs`; the bars are multiplied by `--slack`, for a machine that does other things. With --wait, it measures
only after a line on standard input, when everything is there. The exit status is 1 if a bar is missed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from moto_server import CREDENTIALS, MotoServer

from regolo_git.api import Registry

Figures: TypeAlias = Iterator[tuple[str, float, float]]  # what, seconds, and the bar in seconds
Measure: TypeAlias = Callable[[], Figures]
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(top: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=top, check=True, stdout=subprocess.DEVNULL)


def write(path: Path, tensors: int, size: int, changed: int) -> None:
    """A safetensors file; the first `changed` tensors have other values."""
    import json

    header, end = {}, 0
    for number in range(tensors):
        header[f"layer.{number}.weight"] = {"dtype": "U8", "shape": [size], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for number in range(tensors):
            seed = number + (1000 if number < changed else 0)
            file.write(np.random.default_rng(seed).bytes(size))


def review(top: Path, change: str, runs: int) -> float:
    """The seconds of the best run; the review must come to an end, whatever it says."""
    best = float("inf")
    for _ in range(runs):
        begun = time.perf_counter()
        line = [sys.executable, "-m", "regolo_git", "review", change, "--format", "markdown", "--yes"]
        done = subprocess.run(line, cwd=top, capture_output=True, text=True, check=False)
        best = min(best, time.perf_counter() - begun)
        assert done.returncode == 0, done.stdout + done.stderr
    return best


def one_model(work: Path, options: argparse.Namespace) -> Measure:
    top = work / "large"
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    git(top, "config", "user.name", "Ada")
    git(top, "config", "user.email", "ada@example.com")
    url = options.store or str(work / "shared")
    size = (options.mib << 20) // options.tensors
    with Registry.init(top, store=url) as registry:
        registry.confirm_store(url)
        write(top / "model.safetensors", options.tensors, size, 0)
        registry.register_model("m", top / "model.safetensors", metadata={"accuracy": 0.9})
        write(top / "model.safetensors", options.tensors, size, 8)
        proposed = registry.create_model_version(
            "m", model_data=top / "model.safetensors", metadata={"accuracy": 0.91}, flow="propose"
        )
    branch = f"propose/m@1.1+{proposed.digest.partition(':')[2][:8]}"
    git(top, "init", "-q", "--bare", "-b", "main", str(work / "host.git"))
    git(top, "remote", "add", "origin", str(work / "host.git"))
    subprocess.run(
        [sys.executable, "-m", "regolo_git", "push", "--yes"], cwd=top, check=True, capture_output=True
    )

    def measure() -> Figures:
        yield "one version, local store", review(top, f"main..{branch}", options.runs), 2.0
        fresh = []
        for number in range(options.runs):
            clone = work / f"clone{number}"
            subprocess.run(["git", "clone", "-q", work / "host.git", clone], check=True)
            fresh.append(review(clone, f"origin/main..origin/{branch}", 1))
        yield f"one version, {'S3 bucket' if options.moto else 'shared store'}", min(fresh), 5.0

    return measure


def many_models(work: Path, options: argparse.Namespace) -> Measure:
    top = work / "many"
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    git(top, "config", "user.name", "Ada")
    git(top, "config", "user.email", "ada@example.com")
    with Registry.init(top) as registry:
        for number in range(options.models):
            write(top / "m.safetensors", 50, 4096, 0)
            registry.register_model(
                f"team/m{number}", top / "m.safetensors", metadata={"accuracy": number / 100}
            )
        git(top, "switch", "-q", "-c", "change")
        for number in range(options.models):
            write(top / "m.safetensors", 50, 4096, 8)
            registry.create_model_version(
                f"team/m{number}", model_data=top / "m.safetensors", metadata={"accuracy": number / 99}
            )
    git(top, "switch", "-q", "main")
    git(top, "switch", "-q", "-c", "squashed")
    git(top, "merge", "-q", "--squash", "change")
    git(top, "commit", "-q", "-m", "all models")

    def measure() -> Figures:
        yield f"{options.models} models, one commit", review(top, "main..squashed", options.runs), 3.0

    return measure


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--tensors", type=int, default=200)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--store")
    parser.add_argument("--moto", action="store_true")
    parser.add_argument("--wait", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--slack", type=float, default=1.0)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("GIT_CONFIG_NOSYSTEM", "1")
    server = None
    if options.moto:
        server = MotoServer(work)
        os.environ |= CREDENTIALS | {"AWS_ENDPOINT_URL_S3": server.endpoint}
        server.new_bucket("bench")
        options.store = "s3://bench/registry"
    try:
        measures = many_models(work, options), one_model(work, options)
        if options.wait:
            input("ready: press Enter to measure\n")
        missed = False
        for name, seconds, bar in (figure for measure in measures for figure in measure()):
            print(f"{name:30} {seconds:6.2f} s   bar {bar:.0f} s", flush=True)
            missed = missed or seconds > bar * options.slack
    finally:
        if server is not None:
            server.stop()
    sys.exit(missed)


if __name__ == "__main__":
    main()
