"""Pushes one version to a remote with many tags, beside `git push --atomic` of the same refs, and holds the bar.

    python measure_tags.py [--tags 10000,100000] [--reps 5] [--registry DIR] [--work DIR]

`git regolo push` of one version takes at most what git alone takes, plus 0.7 s: the median over the repetitions of
the differences.  Every repetition commits two versions; git pushes one, and the program the other, the one that
comes first being another each time.  The remote is a bare repository on this machine, and no store is shared, so
what is measured is refs.  `--registry` is a copy of what `make_registry.py` builds, for the largest number of tags;
without it, building one takes a minute for each 100,000.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from make_registry import make_registry

EACH = 100           # versions of a model
ALLOWED = 0.7        # seconds more than git


def run(top, *command):
    done = subprocess.run(command, cwd=top, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def prepared(work, tags, registry):
    """A registry and a remote that has all of it, which the registry knows; the registry's directory."""
    top, remote = work / f"registry {tags}", work / f"remote {tags}.git"
    for place in (top, remote):
        shutil.rmtree(place, ignore_errors=True)
    if registry:
        shutil.copytree(registry, top, symlinks=True)
        (top / ".git" / "index.lock").unlink(missing_ok=True)
    else:
        make_registry(top, models=tags // EACH, versions_each=EACH, recipes=tags // EACH,
                      endpoints=0, promotions=0)
    for key, value in (("user.name", "Ada Byron"), ("user.email", "ada@example.com"), ("gc.auto", "0")):
        run(top, "git", "config", key, value)
    run(top, "git", "pack-refs", "--all")
    run(work, "git", "clone", "-q", "--bare", "--no-local", top.as_uri(), str(remote))
    for name in run(top, "git", "remote").split():
        run(top, "git", "remote", "remove", name)
    run(top, "git", "remote", "add", "origin", remote.as_uri())
    run(top, "git-regolo", "push", "--yes")          # which notes that the remote has every tag
    return top


def new_version(top, model):
    """Commits a version, and returns its tag."""
    (top / "artifact.bin").write_bytes(os.urandom(1000))
    reference = run(top, "git-regolo", "commit", model, "artifact.bin").strip()
    return f"refs/tags/{reference.replace('@', '@v')}"


def pushed_in(top, *command):
    start = time.perf_counter()
    run(top, *command)
    return time.perf_counter() - start


def measure(top, reps):
    """The seconds of git and of the program, a pair for each repetition."""
    model = run(top, "git-regolo", "list", "--plain").split("\t")[0]
    pairs = []
    for rep in range(reps):
        taken = {}
        for program in ("git", "regolo") if rep % 2 else ("regolo", "git"):
            tag = new_version(top, model)
            if program == "git":
                taken[program] = pushed_in(top, "git", "push", "-q", "--atomic", "origin", "main", tag)
            else:
                taken[program] = pushed_in(top, "git-regolo", "push")
        pairs.append((taken["git"], taken["regolo"]))
        print(f"    git {taken['git']:6.2f} s   git regolo push {taken['regolo']:6.2f} s", flush=True)
    return pairs


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--tags", default="10000,100000")
    p.add_argument("--reps", type=int, default=5)
    p.add_argument("--registry", type=Path, help="copied for the largest number of tags, not changed")
    p.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "tags-bench-work"))
    args = p.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    args.work.mkdir(parents=True, exist_ok=True)
    met, sizes = True, sorted(map(int, args.tags.split(",")))
    for tags in sizes:
        print(f"{tags} tags", flush=True)
        top = prepared(args.work.absolute(), tags, args.registry if tags == sizes[-1] else None)
        pairs = measure(top, args.reps)
        more = statistics.median(ours - git for git, ours in pairs)
        git, ours = (statistics.median(values) for values in zip(*pairs))
        met &= more <= ALLOWED
        print(f"{tags} tags: git {git:.2f} s, ours {ours:.2f} s, {more:+.2f} s  "
              f"{'ok    ' if more <= ALLOWED else 'MISSED'} git + {ALLOWED} s", flush=True)
        shutil.rmtree(args.work)
        args.work.mkdir()
    shutil.rmtree(args.work)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
