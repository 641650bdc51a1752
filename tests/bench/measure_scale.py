"""Measures each verb in a registry of `make_registry.py`: wall time, CPU, and peak memory.

    python make_registry.py DIR && python measure_scale.py DIR [--only rollback,history] [--json FILE]

Every verb runs in a process of its own, as a user runs it; CPU and memory are the kernel's account of it and of
the git processes that it waited for, memory being that of the largest one.  The verbs run in the order shown
and some change the registry, so build a new one for figures to keep.  A verb that fails stops the run; no
figure does.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

NEEDS_BYTES = (0, 5)  # most versions of a large registry have no bytes in its store


@dataclass(frozen=True)
class Figure:
    """One run of a verb: seconds, and the peak resident memory in MiB."""

    name: str
    wall: float
    cpu: float
    peak: float


class Bench:
    """Runs verbs in one registry."""

    def __init__(self, top: Path, only: list[str]) -> None:
        self.top, self.only = top, only
        self.figures: list[Figure] = []
        models = self.tell("git", "regolo", "list", "--plain").splitlines()
        self.model = models[len(models) // 2].split("\t")[0]

    def tell(self, *command: str) -> str:
        """What a command prints."""
        return subprocess.run(command, cwd=self.top, check=True, stdout=subprocess.PIPE, text=True).stdout

    def unused_version(self) -> str:
        """A version with bytes in the store that no environment and no endpoint uses."""
        for line in self.tell("git", "for-each-ref", "--format=%(refname:strip=2)", "refs/tags").splitlines():
            model, _, number = line.rpartition("@v")
            manifest = self.tell("git", "show", f"{line}:models/{model}/manifest.toml")
            recipe = manifest.partition('recipe = "blake3:')[2][:64]
            used = subprocess.run(
                ["git", "grep", "-q", f'"{model}"', "--", "endpoints", "environments"], cwd=self.top, check=False
            )
            if (self.top / ".git/regolo/store/recipes" / recipe[:2] / recipe).exists() and used.returncode:
                return f"{model}@{number}"
        return sys.exit("every version with bytes is in use: build the registry with fewer promotions")

    def run(self, name: str, *arguments: str, statuses: tuple[int, ...] = (0,)) -> None:
        """Times `git regolo ARGUMENTS`, if it is wanted."""
        if self.only and not any(name.startswith(wanted) for wanted in self.only):
            return
        start = time.perf_counter()
        process = subprocess.Popen(
            ["git-regolo", *arguments], cwd=self.top,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        tail = process.stderr.read()[-2000:]
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in statuses:
            sys.exit(f"{name}: exit status {os.waitstatus_to_exitcode(status)}\n{tail.decode()}")
        figure = Figure(name, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        self.figures.append(figure)
        print(f"{name:<34} {wall:7.2f} s {figure.cpu:7.2f} s {figure.peak:6.0f} MiB", flush=True)


def measure(bench: Bench) -> None:
    """Every verb, in an order in which each finds what it needs."""
    top, model = bench.top, bench.model
    (top / ".git/regolo/index.sqlite").unlink(missing_ok=True)
    bench.run("list without an index", "list")
    bench.run("list", "list")
    bench.run("list MODEL", "list", model)
    bench.run("show", "show", model)
    bench.run("log", "log", model)
    bench.run("log --limit 5", "log", model, "--limit", "5")
    bench.run("describe", "describe")
    bench.run("status", "status")
    promoted = bench.tell("git", "log", "-1", "--format=", "--name-only", "--", "environments").strip()
    if promoted:
        bench.run("history", "history", promoted.split("/", 2)[2].removesuffix(".toml"))
    endpoints = bench.tell("git", "regolo", "endpoint", "list", "--plain").splitlines()
    for name in {line.split("\t")[0] for line in (endpoints[:1] + endpoints[-1:])}:
        bench.run(f"endpoint history {name}", "endpoint", "history", name)
        bench.run(f"rollback {name}", "rollback", name)
    unused = bench.unused_version()
    for turn in ("first", "second"):
        bench.run(f"retire --dry-run, {turn}", "retire", unused, "-m", "wrong data", "--dry-run")
    for turn in ("first", "second", "third"):
        (top / "artifact.bin").write_bytes(os.urandom(1000))
        bench.run(f"commit, {turn}", "commit", model, "artifact.bin")
    bench.run("retire --dry-run after commit", "retire", unused, "-m", "wrong data", "--dry-run")
    (top / "artifact.bin").write_bytes(os.urandom(1000))
    subprocess.run(["git", "add", ".gitignore"], cwd=top, check=True, stderr=subprocess.DEVNULL)
    proposed = bench.tell("git", "regolo", "commit", model, "artifact.bin", "--propose").split()
    branch = next(name for name in bench.tell("git", "branch", "--format=%(refname:short)").split() if name != "main")
    subprocess.run(["git", "merge", "-q", "--no-ff", "-m", f"merge {proposed[-1]}", branch], cwd=top, check=True)
    subprocess.run(["git", "branch", "-q", "-D", branch], cwd=top, check=True)
    bench.run("tag --merged --dry-run", "tag", "--merged", "--dry-run")
    bench.run("tag --merged", "tag", "--merged")
    bench.run("doctor --dry-run", "doctor", "--dry-run")
    bench.run("fsck", "fsck", statuses=NEEDS_BYTES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", help="verbs, by the beginning of their names")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bench = Bench(given.directory.absolute(), [name for name in given.only.split(",") if name])
    print(f"{'verb':<34} {'wall':>9} {'CPU':>9} {'peak':>10}")
    measure(bench)
    if given.json:
        given.json.write_text(json.dumps([asdict(figure) for figure in bench.figures], indent=1))


if __name__ == "__main__":
    main()
