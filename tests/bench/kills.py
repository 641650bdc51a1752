"""Kills `register`, `commit --version`, `promote` and `tag --merged`, and runs each command again.

Half of the kills come before a system call that changes the disk (strace), half at a random time.  The same
command must then succeed and return the one version, and afterwards everything must agree: tag and branch,
`fsck`, a plain `git commit`, and no lock or temporary file of this program is left.
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
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.git_program import git, new_repository
from support.program import Done, run_program, start_program
from support.system_calls import Instant, can_trace, instants, run_killed

from regolo_git.api import Registry

SIZE = 3 << 20
# Each with the references that it creates, and the version that a reader must see afterwards.
COMMANDS = {
    "register": ["register", "n", "new.bin"],
    "commit": ["commit", "m", "new.bin", "--version", "1.2"],
    "commit, next number": ["commit", "m", "new.bin", "--yes"],
    "promote": ["promote", "m@1.0", "staging"],
    "tag": ["tag", "--merged"],
}
VERSIONS = {
    "register": {"m": 2, "n": 1},
    "commit": {"m": 3},
    "commit, next number": {"m": 3},
    "promote": {"m": 2},
    "tag": {"m": 3},
}
# What must not be in the clone's own directory once a command has ended, nor any file of a hidden name.
ENDED = {"journal.json", "unreported.json"}


@dataclass(frozen=True)
class Kill:
    """A kill of a command, before a system call or after some seconds."""

    command: str
    at: Instant | float

    def __str__(self) -> str:
        return f"{self.command} killed {f'at {self.at}' if isinstance(self.at, Instant) else f'after {self.at:.3f} s'}"


class Registries:
    """A registry for each command with something to do, copied for each kill to the same path."""

    def __init__(self, work: Path, seed: int) -> None:
        self.top = work / "registry"
        self._kept = {name: work / f"kept {number}" for number, name in enumerate(COMMANDS)}
        for name, kept in self._kept.items():
            _make(self.top, name, random.Random(seed))
            self.top.rename(kept)

    def fresh(self, command: str) -> Path:
        shutil.rmtree(self.top, ignore_errors=True)
        shutil.copytree(self._kept[command], self.top, symlinks=True)
        return self.top


def _make(top: Path, command: str, chance: random.Random) -> None:
    new_repository(top)
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)
    (top / "code.py").write_text("print('hours of work')\n")
    git(top, "add", "code.py")
    git(top, "commit", "-qm", "code")
    (top / "new.bin").write_bytes(chance.randbytes(SIZE))
    (top / "model.bin").write_bytes(chance.randbytes(SIZE))
    with Registry.init(top) as registry:
        registry.register_model("m", model_data=top / "model.bin", metadata={"accuracy": 0.9})
        (top / "model.bin").write_bytes(chance.randbytes(SIZE))
        registry.create_model_version("m", model_data=top / "model.bin", metadata={"accuracy": 0.92})
        if command == "tag":
            (top / "model.bin").write_bytes(chance.randbytes(SIZE))
            registry.create_model_version("m", model_data=top / "model.bin", version="1.2", flow="propose")
            (branch,) = git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads/propose").split()
            git(top, "merge", "-q", "--no-ff", "-m", "merge", branch)


def chosen(registries: Registries, count: int, chance: random.Random) -> list[Kill]:
    """The kills, spread evenly over the commands, and over their system calls and their time."""
    kills = []
    for number, command in enumerate(COMMANDS):
        share = count // len(COMMANDS) + (number < count % len(COMMANDS))
        at_calls = (share + 1) // 2 if can_trace() else 0
        calls = instants(registries.fresh(command), *COMMANDS[command]) if at_calls else []
        every = sorted(chance.sample(range(len(calls)), min(at_calls, len(calls))))
        begun = time.monotonic()
        run_program(registries.fresh(command), *COMMANDS[command])
        length = time.monotonic() - begun
        kills += [Kill(command, calls[index]) for index in every]
        kills += [Kill(command, chance.uniform(0.05, length)) for _ in range(share - len(every))]
    return kills


def carry_out(top: Path, kill: Kill) -> Done:
    line = COMMANDS[kill.command]
    if isinstance(kill.at, Instant):
        return run_killed(top, kill.at, *line)
    process = start_program(top, *line, own_session=True)
    try:
        out, err = process.communicate(timeout=kill.at)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return Done(line, process.returncode, out, err)


def problems(top: Path, kill: Kill, killed: Done, readers: bool) -> list[str]:
    """What is wrong after the kill and the same command again; empty if nothing is."""
    found = []
    if readers:
        listed = run_program(top, "list")
        if listed.returncode:
            found.append(f"list after the kill: {listed.stderr}")
    again = run_program(top, *COMMANDS[kill.command])
    # Whoever was told the result asks for something new by typing the command again.
    if again.returncode and not killed.stdout:
        found.append(f"the same command: {again.stderr}")
    held = Counter(tag.rpartition("@")[0] for tag in git(top, "tag", "--list").split())
    expected = Counter(VERSIONS[kill.command])
    # Killed after the answer, and before the note that it was given: either version is the right answer.
    told_twice = kill.command == "commit, next number" and killed.stdout and held == expected
    if kill.command == "commit, next number" and killed.stdout:
        expected["m"] += 1
    if held != expected and not told_twice:
        found.append(f"tags: {dict(held)}, expected {dict(expected)}")
    if set(git(top, "tag", "--merged", "main").split()) != set(git(top, "tag", "--list").split()):
        found.append("a tag is not on the branch")
    if (promotion := top / "environments/staging/m.toml").exists() != (kill.command == "promote"):
        found.append(f"promotion: {promotion.exists()}")
    found += _leftovers(top)
    checked = run_program(top, "fsck", "--full")
    if checked.returncode:
        found.append(f"fsck: {checked.stdout}{checked.stderr}")
    if said := git(top, "fsck", "--strict", "--no-dangling"):
        found.append(f"git fsck: {said}")
    if status := git(top, "status", "--porcelain", "--untracked-files=all").replace("?? new.bin\n", ""):
        found.append(f"git status: {status}")
    (top / "code.py").write_text("print('more work')\n")
    committed = subprocess.run(
        ["git", "commit", "-qam", "plain"], cwd=top, capture_output=True, text=True, check=False
    )
    if committed.returncode or git(top, "show", "--name-only", "--format=") != "code.py\n":
        found.append(f"git commit: {committed.stderr}")
    return found


def _leftovers(top: Path) -> list[str]:
    there = {path.name for path in (top / ".git/regolo").iterdir()}
    # Any reader may write these caches, without a lock; `doctor` removes what is an hour old.
    caches = tuple(f".{name}.json." for name in ("statuses", "untagged", "retirements", "clashes"))
    hidden = {name for name in there if name.startswith(".") and not name.startswith(caches)}
    own = there & ENDED | hidden
    found = [f"left in .git/regolo: {name}" for name in sorted(own)]
    found += [f"left: {path}" for path in (top / ".git").rglob("*.lock")]
    found += [f"left: {path}" for path in top.rglob("*regolo-*") if ".git/regolo/" not in str(path)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="kills, over all commands")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="directory to work in")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(dir=options.work) as directory:
        registries = Registries(Path(directory), options.seed)
        kills = chosen(registries, options.count, chance)
        hit, failed = Counter[str](), 0
        for number, kill in enumerate(kills):
            top = registries.fresh(kill.command)
            killed = carry_out(top, kill)
            hit[kill.command] += killed.returncode < 0
            found = problems(top, kill, killed, readers=number % 3 == 0)
            if found:
                failed += 1
                print(f"{kill} (exit {killed.returncode}, printed {killed.stdout!r})", flush=True)
                for problem in found:
                    print(f"    {problem}", flush=True)
    for command in COMMANDS:
        print(f"{command}: {hit[command]} of {sum(kill.command == command for kill in kills)} runs ended by the kill")
    print(f"{len(kills)} kills, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("GIT_CONFIG_GLOBAL", os.devnull)
    sys.exit(main())
