"""Kills `push`, `pull`, `clone` and `checkout` at random times, and runs each command again.

The same command must then succeed.  Afterwards every version is at the remote, `fsck --full` finds nothing in
the clone, and a clone made anew can read all bytes.  A chunk or a pack that had arrived in the shared store is
not sent again, which its inode tells, and one that had arrived in the clone is not fetched again.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.git_program import git, new_repository
from support.program import Done, run_program, start_program

LARGE, SMALL, FILES = 6 << 20, 30_000, 40
COMMANDS = ("push", "pull", "clone", "checkout")


@dataclass(frozen=True)
class Team:
    """A bare remote, a shared store, and two clones of the registry."""

    top: Path

    @property
    def remote(self) -> Path:
        return self.top / "origin.git"

    @property
    def shared(self) -> Path:
        return self.top / "shared"

    @property
    def ada(self) -> Path:
        return self.top / "ada"

    @property
    def grace(self) -> Path:
        return self.top / "grace"


def must(top: Path, *arguments: str) -> Done:
    """Runs a command that must succeed."""
    done = run_program(top, *arguments)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stdout}{done.stderr}")
    return done


def make_team(top: Path, chance: random.Random) -> Team:
    """A registry with one version that everybody has."""
    team = Team(top)
    team.ada.mkdir(parents=True)
    new_repository(team.ada)
    git(top, "init", "-q", "--bare", "-b", "main", str(team.remote))
    name_person(team.ada)
    must(team.ada, "init", "--store", str(team.shared))
    write_model(team.ada / "model", chance)
    must(team.ada, "register", "m", "model")
    git(team.ada, "remote", "add", "origin", str(team.remote))
    must(team.ada, "push", "--yes")
    must(top, "clone", str(team.remote), "grace", "--yes")
    name_person(team.grace)
    return team


def name_person(top: Path) -> None:
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)


def write_model(place: Path, chance: random.Random) -> None:
    """New content: a large file, and small ones of which half change."""
    place.mkdir(exist_ok=True)
    (place / "large.bin").write_bytes(chance.randbytes(LARGE))
    for number in range(FILES):
        path = place / f"{number:02}.txt"
        if number % 2 == 0 or not path.exists():
            path.write_bytes(chance.randbytes(SMALL))


def add_version(team: Team, chance: random.Random) -> None:
    write_model(team.ada / "model", chance)
    must(team.ada, "commit", "m", "model", "--yes")


# -- the commands -----------------------------------------------------------------------------------------


def prepare_push(team: Team, chance: random.Random) -> tuple[Path, list[str]]:
    add_version(team, chance)
    return team.ada, ["push", "--yes"]


def prepare_pull(team: Team, chance: random.Random) -> tuple[Path, list[str]]:
    add_version(team, chance)
    must(team.ada, "push", "--yes")
    return team.grace, ["pull"]


def prepare_clone(team: Team, chance: random.Random) -> tuple[Path, list[str]]:  # noqa: ARG001
    shutil.rmtree(team.top / "new", ignore_errors=True)
    return team.top, ["clone", str(team.remote), "new", "--yes"]


def prepare_checkout(team: Team, chance: random.Random) -> tuple[Path, list[str]]:  # noqa: ARG001
    must(team.grace, "pull")
    must(team.grace, "evict", "m", "--yes")
    shutil.rmtree(team.top / "out", ignore_errors=True)
    return team.grace, ["checkout", "m", str(team.top / "out")]


PREPARE: dict[str, Callable[[Team, random.Random], tuple[Path, list[str]]]] = {
    "push": prepare_push,
    "pull": prepare_pull,
    "clone": prepare_clone,
    "checkout": prepare_checkout,
}


# -- one kill ---------------------------------------------------------------------------------------------


def inodes(store: Path) -> dict[str, int]:
    """The chunks and packs of a store, each with the inode that a second write would change."""
    return {path.name: path.stat().st_ino for path in store.glob("[cp]*s/??/*")}


def local_store(top: Path) -> Path:
    return top / ".git" / "regolo" / "store"


def kill(top: Path, arguments: list[str], seconds: float) -> bool:
    """Runs a command and kills it after some time; False if it has ended before, or told its result."""
    running = start_program(top, *arguments)
    time.sleep(seconds)
    running.kill()
    out, _ = running.communicate()
    return running.returncode < 0 and not out


def problems(team: Team, command: str, chance: random.Random, longest: float) -> tuple[bool, list[str]]:
    """Kills a command and runs it again; whether it was hit, and everything that is wrong then."""
    top, arguments = PREPARE[command](team, chance)
    hit = kill(top, arguments, chance.uniform(0, longest))
    clone = team.top / "new" if command == "clone" else top
    places = [team.shared, *([local_store(clone)] if clone.exists() else [])]
    before = {place: inodes(place) for place in places}
    again = run_program(top, *arguments)
    if again.returncode and not (command == "clone" and "already" in again.stderr and not hit):
        return hit, [f"again: exit {again.returncode}: {again.stdout}{again.stderr}"]
    found = []
    for place, arrived in before.items():
        now = inodes(place)
        twice = [name for name, inode in arrived.items() if now.get(name) != inode]
        if twice:
            found.append(f"{len(twice)} of {len(arrived)} chunks and packs in {place} came twice or went")
    for checked in (team.ada, team.grace, *([clone] if command == "clone" else [])):
        done = run_program(checked, "fsck", "--full")
        if done.returncode:
            found.append(f"fsck of {checked.name}: {done.stdout}{done.stderr}")
    missing = set(git(team.ada, "tag", "-l").split()) - set(git(team.remote, "tag", "-l").split())
    if missing:
        found.append(f"versions that the remote lacks: {sorted(missing)}")
    return hit, found


def read_anew(team: Team) -> list[str]:
    """What is wrong with the bytes of all versions, read in a clone that has none."""
    shutil.rmtree(team.top / "reader", ignore_errors=True)
    must(team.top, "clone", str(team.remote), "reader", "--no-checkout")
    must(team.top / "reader", "config", "store.url", str(team.shared))
    found = []
    for tag in git(team.remote, "tag", "-l").split():
        version = tag.partition("@v")[2]
        done = run_program(team.top / "reader", "checkout", f"m@{version}", str(team.top / "read"), "--force")
        if done.returncode:
            found.append(f"m@{version} cannot be read: {done.stderr}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="kills, over all commands")
    parser.add_argument("--longest", type=float, default=1.5, help="seconds until a kill, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="directory to work in")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    hits, failed = Counter[str](), 0
    with tempfile.TemporaryDirectory(dir=options.work) as directory:
        team = make_team(Path(directory) / "team", chance)
        for number in range(options.count):
            command = COMMANDS[number % len(COMMANDS)]
            hit, found = problems(team, command, chance, options.longest)
            hits[command] += hit
            failed += bool(found)
            for problem in found:
                print(f"{command}, kill {number}: {problem}", flush=True)
        lost = read_anew(team)
        for problem in lost:
            print(problem, flush=True)
    for command in COMMANDS:
        print(f"{command}: {hits[command]} runs ended by the kill")
    print(f"{options.count} kills, {failed} wrong, {len(lost)} versions lost")
    return 1 if failed or lost else 0


if __name__ == "__main__":
    os.environ.setdefault("GIT_CONFIG_GLOBAL", os.devnull)
    sys.exit(main())
