"""`kill -9` at random instants of every verb that writes: a doctor away from clean, and no name without bytes."""

import itertools
import os
import random
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.git_program import git
from support.program import run_program, start_program

from regolo_git.api import Registry

pytestmark = pytest.mark.slow  # CI runs it, too

SIZE = 6 << 20
EVERY = 20

# In the slow test; `REGOLO_KILLS=200` is the long proof.
KILLS = int(os.environ.get("REGOLO_KILLS", "40"))


class Verbs:
    """Command lines that write, one of each kind in turn, each with something to do."""

    def __init__(self, top: Path, chance: random.Random) -> None:
        self._top = top
        self._chance = chance
        self._models = 0

    def rounds(self) -> Iterator[list[str]]:
        while True:
            yield self._register()
            yield self._commit()
            yield self._checkout()
            yield self._revert()
            yield self._retire()

    def _write(self) -> str:
        """New content for the artifact: half of it is as it was."""
        path = self._top / "model.bin"
        before = path.read_bytes() if path.exists() else b""
        path.write_bytes(before[: SIZE // 2].ljust(SIZE // 2, b"x") + self._chance.randbytes(SIZE // 2))
        return path.name

    def _register(self) -> list[str]:
        self._models += 1
        return ["register", f"n{self._models}", self._write()]

    def _commit(self) -> list[str]:
        return ["commit", "m", self._write(), "--yes"]

    def _checkout(self) -> list[str]:
        return ["checkout", f"m@{self._chance.choice(self._others())}", "--force"]

    def _revert(self) -> list[str]:
        return ["revert", "m", "--to", self._chance.choice(self._others())]

    def _retire(self) -> list[str]:
        return ["retire", f"m@{self._chance.choice(self._others())}", "-m", "killed", "--yes"]

    def _others(self) -> list[str]:
        """At least two versions that are neither retired nor the branch's own."""
        manifest = tomllib.loads(git(self._top, "show", "HEAD:models/m/manifest.toml"))
        with Registry.open(self._top) as registry:
            while True:
                versions = [v.version for v in registry.list_model_versions("m") if v.status == "ready"]
                others = [version for version in versions if version != manifest["version"]]
                if len(others) > 1:
                    return others
                made = registry.create_model_version("m", model_data=self._top / self._write())
                manifest["version"] = made.version


def duration(top: Path, verbs: Iterator[list[str]]) -> dict[str, float]:
    """How long each verb takes when it is left alone."""
    found = {}
    for _ in range(5):
        line = next(verbs)
        begun = time.monotonic()
        done = run_program(top, *line)
        assert done.returncode == 0, done.stderr
        found[line[0]] = time.monotonic() - begun
    return found


def kill_in_the_middle(top: Path, line: list[str], seconds: float) -> bool:
    """Runs a verb and kills it after a while; says whether it was still running."""
    process = start_program(top, *line, own_session=True)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


def check(top: Path, *, full: bool) -> None:
    """Clean, or clean after a doctor; what git says of the user's files is nothing."""
    arguments = ["fsck", "--full"] if full else ["fsck"]
    # Killed between tag and branch: every name has its bytes, and the doctor, or the next run, finishes it.
    if run_program(top, *arguments).returncode or not all_tags_are_merged(top):
        for line in (["doctor"], arguments):
            done = run_program(top, *line)
            assert done.returncode == 0, done.stdout + done.stderr
    assert git(top, "fsck", "--strict", "--no-dangling") == ""
    assert all_tags_are_merged(top)


def all_tags_are_merged(top: Path) -> bool:
    return git(top, "tag", "--list") == git(top, "tag", "--list", "--merged", "main")


def kill_verbs(top: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    (top / "model.bin").write_bytes(chance.randbytes(SIZE))
    with Registry.init(top) as registry:
        registry.register_model("m", model_data=top / "model.bin")
    verbs = Verbs(top, chance)
    rounds = verbs.rounds()
    lengths = duration(top, rounds)
    hit = number = 0
    while hit < kills:
        number += 1
        line = next(rounds)
        begun = time.monotonic()
        if kill_in_the_middle(top, line, chance.uniform(0.02, lengths[line[0]])):
            hit += 1
        else:  # it ended by itself: the machine has less to do than when it was measured
            lengths[line[0]] = time.monotonic() - begun
        check(top, full=number % EVERY == 0)
    check(top, full=True)
    for line in itertools.islice(rounds, 5):  # each chosen after the one before it has run
        done = run_program(top, *line)
        assert done.returncode == 0, done.stderr
    assert not list((top / ".git").rglob("*.lock"))


def test_killed_verbs_leave_nothing_that_a_doctor_cannot_mend(git_repository: Path) -> None:
    kill_verbs(git_repository, 5, seed=1)


@pytest.mark.slow
def test_many_killed_verbs_leave_nothing_that_a_doctor_cannot_mend(git_repository: Path) -> None:
    kill_verbs(git_repository, KILLS, seed=2)
