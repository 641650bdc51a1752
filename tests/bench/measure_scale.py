"""Measures each verb in a registry of `make_registry.py`, and holds the bars of a large registry.

    python make_registry.py DIR && python measure_scale.py DIR [--only rollback,history] [--slack 2] [--json FILE]

Every verb runs in a process of its own, as a user runs it; CPU and memory are the kernel's account of it and of
the git processes that it waited for, memory being that of the largest one.  The verbs run in the order shown
and some change the registry, so build a new one for figures to keep.  A verb that fails stops the run.

A bar is in seconds: of wall time or of CPU time, whichever is less, because another program on the machine makes
a verb wait but work little more.  It is for 100,000 versions; for fewer, a bar of many seconds is in proportion.
A verb that misses its bar runs up to twice more, and the best run counts.  If that misses too, what its time
went to is printed, and the exit status is 1 in the end.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

NEEDS_BYTES = (0, 5)  # most versions of a large registry have no bytes in its store
PEAK = 300  # MiB of any verb
BARS = {
    "list": 0.15,
    "list MODEL": 0.15,
    "log --limit 5": 0.3,
    "history": 0.5,
    "endpoint history": 0.5,
    "rollback": 0.5,
    "retire --dry-run": 1.0,
    "retire --dry-run after commit": 1.0,
    "commit, second": 0.4,
    "tag --merged --dry-run": 2.0,
    "tag --merged": 2.0,
    "doctor --dry-run": 25.0,
    "fsck": 25.0,
}
AT, LEAST = 100_000, 1.0
TRIES = 3
PROFILED = """
import cProfile, pstats, sys
from regolo_git.cli.entry import main
profile = cProfile.Profile()
sys.argv = ["git-regolo", *sys.argv[1:]]
try:
    profile.runcall(main)
finally:
    pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(40)
"""


@dataclass(frozen=True)
class Figure:
    """One run of a verb: seconds, and the peak resident memory in MiB."""

    name: str
    wall: float
    cpu: float
    peak: float

    @property
    def seconds(self) -> float:
        """What a bar is compared with."""
        return min(self.wall, self.cpu)


def nothing() -> None:
    """Comes before a verb that may run again as it is."""


class Bench:
    """Runs verbs in one registry."""

    def __init__(self, top: Path, only: list[str], slack: float) -> None:
        self.top, self.only, self.slack = top, only, slack
        self.figures: list[Figure] = []
        self.missed: list[str] = []
        rows = [line.split("\t") for line in self.tell("git", "regolo", "list", "--plain").splitlines()]
        self.model, self.versions = rows[len(rows) // 2][0], sum(int(row[1]) for row in rows)

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

    def run(
        self,
        name: str,
        *arguments: str,
        statuses: tuple[int, ...] = (0,),
        before: Callable[[], object] | None = nothing,
    ) -> None:
        """Measures `git regolo ARGUMENTS`, if it is wanted; `before` is None if it cannot run again."""
        if self.only and not any(name.startswith(wanted) for wanted in self.only):
            return
        figures = []
        for _ in range(TRIES if before is not None else 1):
            if before is not None:
                before()
            figures.append(self._measured(name, arguments, statuses))
            if not self._missed(figures[-1]):
                break
        figure = min(figures, key=lambda found: found.seconds)
        self.figures.append(figure)
        missed = self._missed(figure)
        said = f"{name:<34} {figure.wall:7.2f} s {figure.cpu:7.2f} s {figure.peak:6.0f} MiB  {missed}"
        print(said.rstrip(), flush=True)
        if missed:
            self.missed.append(f"{name}: {missed}")
            if before is not None:
                before()
                self._profile(arguments)

    def _measured(self, name: str, arguments: tuple[str, ...], statuses: tuple[int, ...]) -> Figure:
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
        return Figure(name, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    def _missed(self, figure: Figure) -> str:
        """How a figure misses its bars; empty if it meets them."""
        bar = BARS.get(figure.name)
        if bar is not None and bar > LEAST:
            bar = LEAST + (bar - LEAST) * min(1, self.versions / AT)
        if bar is not None and figure.seconds > bar * self.slack:
            return f"over {bar * self.slack:.2f} s"
        return f"over {PEAK} MiB" if figure.peak > PEAK else ""

    def _profile(self, arguments: tuple[str, ...]) -> None:
        """Prints where the time of a verb goes; git's share is in what waits for it."""
        command = [sys.executable, "-c", PROFILED, *arguments]
        run = subprocess.run(
            command, cwd=self.top, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        print("\n".join(line for line in run.stderr[-8000:].splitlines() if line.strip()), flush=True)


def moved_endpoints(bench: Bench) -> list[str]:
    """The first and the last endpoint that has had another version before."""
    names = [line.split("\t")[0] for line in bench.tell("git", "regolo", "endpoint", "list", "--plain").splitlines()]
    moved = (
        name
        for name in (*names[:5], *names[::-1])
        if bench.tell("git", "log", "-3", "--format=%h", "--", f"endpoints/{name}.toml").count("\n") == 3
    )
    first = next(moved, None)
    return [*dict.fromkeys(name for name in (first, next(moved, None)) if name is not None)]


def measure(bench: Bench) -> None:
    """Every verb, in an order in which each finds what it needs."""
    top, model = bench.top, bench.model
    artifact = top / "artifact.bin"

    def without_index() -> None:
        (top / ".git/regolo/index.sqlite").unlink(missing_ok=True)

    def new_bytes() -> None:
        artifact.write_bytes(os.urandom(1000))

    bench.run("list without an index", "list", before=without_index)
    bench.run("list", "list")
    bench.run("list MODEL", "list", model)
    bench.run("show", "show", model)
    bench.run("log", "log", model)
    bench.run("log --limit 5", "log", model, "--limit", "5")
    bench.run("describe", "describe")
    bench.run("status", "status")
    promoted = bench.tell("git", "log", "-1", "--format=", "--name-only", "--", "environments").strip()
    if promoted:
        # The first one of a clone reads the whole branch.
        for name in ("history, first", "history"):
            bench.run(name, "history", promoted.split("/", 2)[2].removesuffix(".toml"))
    for name in moved_endpoints(bench):
        bench.run("endpoint history", "endpoint", "history", name)
        bench.run("rollback", "rollback", name, before=None)
    unused = bench.unused_version()
    retire = ("retire", unused, "-m", "wrong data", "--dry-run")
    for name in ("retire --dry-run, first", "retire --dry-run"):
        bench.run(name, *retire)
    for turn in ("first", "second", "third"):
        bench.run(f"commit, {turn}", "commit", model, "artifact.bin", before=new_bytes)
    bench.run("retire --dry-run after commit", *retire)
    subprocess.run(["git", "add", ".gitignore"], cwd=top, check=True, stderr=subprocess.DEVNULL)
    merge_proposal(bench)
    bench.run("tag --merged --dry-run", "tag", "--merged", "--dry-run")
    bench.run("tag --merged", "tag", "--merged", before=None)
    bench.run("doctor --dry-run", "doctor", "--dry-run")
    bench.run("fsck", "fsck", statuses=NEEDS_BYTES)


def merge_proposal(bench: Bench) -> None:
    """A new version that is proposed and merged, and has no tag yet."""
    (bench.top / "artifact.bin").write_bytes(os.urandom(1000))
    before = set(bench.tell("git", "branch", "--format=%(refname:short)").split())
    bench.tell("git", "regolo", "commit", bench.model, "artifact.bin", "--propose")
    (branch,) = set(bench.tell("git", "branch", "--format=%(refname:short)").split()) - before
    bench.tell("git", "merge", "-q", "--no-ff", "-m", f"merge {branch}", branch)
    bench.tell("git", "branch", "-q", "-D", branch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", help="verbs, by the beginning of their names")
    parser.add_argument("--slack", type=float, default=1.0, help="what bars in seconds are multiplied by")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bench = Bench(given.directory.absolute(), [name for name in given.only.split(",") if name], given.slack)
    print(f"{'verb':<34} {'wall':>9} {'CPU':>9} {'peak':>10}")
    measure(bench)
    if given.json:
        given.json.write_text(json.dumps([asdict(figure) for figure in bench.figures], indent=1))
    if bench.missed:
        sys.exit("\n".join(["missed:", *bench.missed]))


if __name__ == "__main__":
    main()
