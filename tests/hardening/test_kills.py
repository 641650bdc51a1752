"""`kill -9` before every system call that changes something, and a disk that is full from any of them on.

`test_killed_verbs.py` kills at random instants; here at some of the instants at which the disk differs.
"""

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Outcome
from support.everything import Everything
from support.git_program import git, proposal
from support.refusals import refusal
from support.system_calls import Instant, can_trace, instants, run_failing, run_killed

from regolo_git.api import Registry
from regolo_git.cli import main

pytestmark = [
    pytest.mark.slow,  # CI runs it, too
    pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace"),
]

VERBS = {
    "register": ["register", "n", "new.bin"],
    "commit": ["commit", "m", "new.bin"],
    "propose": ["commit", "m", "new.bin", "--propose"],
    "checkout": ["checkout", "m@1.0"],
    "checkout of a directory": ["checkout", "d@1.0"],
    "revert": ["revert", "m", "--to", "1.0"],
    "retire": ["retire", "m@1.0", "-m", "wrong data", "--yes"],
    "tag": ["tag", "--merged"],
    "config": ["config", "store.digest", "blake3"],
    "promote": ["promote", "m@1.0", "staging"],
    "traffic": ["traffic", "e", "1.0=90", "1.1=10"],
    "rollback": ["rollback", "e", "--to", "1.0"],
}
# Between two of these, what is under a name does not change.
NAMING = {
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
    "ftruncate", "fchmod", "flock", "execve",
}  # fmt: skip
FILLING = {"write", "pwrite64", "fsync", "mkdir", "mkdirat", "rename", "linkat", "ftruncate"}
Call = Callable[..., Outcome]
known: dict[str, list[Instant]] = {}
SEED = 3
# The last is of an object of which the library says that it wrote it.
SAID = ("disk is full", "cannot be found")
KILLS_OF_A_VERB, FULL_DISKS_OF_A_VERB = 10, 10


@pytest.fixture
def busy(top: Path, verb: str) -> Path:
    """The registry with something for the verb to do: a file that comes in several chunks, ready to be stored."""
    (top / "new.bin").write_bytes(random.Random(SEED).randbytes(3 << 20))
    with Registry.open(top) as registry:
        if verb in ("traffic", "rollback"):
            registry.create_endpoint("e", "m", "1.1")
        if verb == "tag":
            (top / "words" / "b").write_text("reviewed\n")
            registry.create_model_version("d", model_data=top / "words", version="1.2", flow="propose")
            git(top, "merge", "-q", "--no-ff", "-m", "merge", proposal(top, "d@1.2"))
    return top


@pytest.fixture
def here(busy: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line in this process, whatever comes of it."""

    def call(*arguments: str) -> Outcome:
        os.chdir(busy)  # which was made anew
        capsys.readouterr()
        status = main.run(arguments)
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


def afresh(busy: Path) -> Path:
    """Another copy at the same path, which the clone's memory of its files goes by."""
    shutil.rmtree(busy)
    shutil.copytree(busy.with_name("kept"), busy, symlinks=True)
    return busy


def moments(busy: Path, verb: str, calls: set[str]) -> list[Instant]:
    """The instants of a verb, which runs once to its end, in a copy, for all tests of it."""
    shutil.copytree(busy, busy.with_name("kept"), symlinks=True)
    if verb not in known:
        known[verb] = instants(busy, *VERBS[verb])
    return [instant for instant in known[verb] if instant.call in calls]


def shuffled(found: list[Instant]) -> list[Instant]:
    return random.Random(SEED).sample(found, len(found))


def check(top: Path, verb: str, regolo: Call) -> None:
    """Every name has its bytes; at most a doctor away from clean; and the next command works."""
    for line in (["fsck", "--full"], ["doctor"]):
        done = regolo(*line)
        assert done.status == 0, done.out + done.err
    assert git(top, "fsck", "--strict", "--no-dangling") == ""
    assert git(top, "status", "--porcelain") in ("", "?? new.bin\n")
    assert not list((top / ".git").rglob("*.lock"))
    # An empty one may be somebody's who has not locked it yet: it stays for ten seconds, and git does not see it.
    assert not [path for path in top.rglob(".regolo-*") if any(path.iterdir())]
    assert not [path for path in (top / ".git/regolo/store/tmp").iterdir() if path.stat().st_size]
    assert set(git(top, "tag", "--merged", "main").split()) == set(git(top, "tag").split())
    done = regolo(*VERBS[verb])
    # It had come so far that it was done, or that the next run finished it.
    made = (
        "already exists",
        "is already the version on this branch",
        "is already retired",
        "nothing to change",
        "same content",
        "is already promoted to",
        "is already set to that value",
        "already proposed on branch",
    )
    assert done.status == 0 or any(words in done.err for words in made), done.err


def kill_at(busy: Path, verb: str, found: list[Instant], count: int, regolo: Call) -> None:
    """Kills the verb `count` times; a call of git's, which we run, ends only git and is one more check."""
    killed = 0
    for instant in shuffled(found):
        if killed == count:
            return
        top = afresh(busy)
        done = run_killed(top, instant, *VERBS[verb])
        killed += done.returncode == -signal.SIGKILL
        try:
            check(top, verb, regolo)
        except AssertionError as error:
            raise AssertionError(f"killed at {instant}: {error}") from error
    assert killed


def full_from(busy: Path, verb: str, chosen: list[Instant], regolo: Call) -> None:
    for instant in chosen:
        top = afresh(busy)
        before, names = Everything.of(top), git(top, "for-each-ref")
        done = run_failing(top, instant, "ENOSPC", *VERBS[verb])
        try:
            # A write may be to our own stdout, which is no disk; what else a verb does must hold all the same.
            if done.returncode and instant.call != "write":
                assert done.returncode in (3, 6), done.stderr
                assert any(words in refusal(done.stderr).message.lower() for words in SAID), done.stderr
                # Either nothing came of it or all of it did; and a doctor says which.
                regolo("doctor")
                if git(top, "for-each-ref") == names:
                    assert Everything.of(top).work_tree == before.work_tree
                    assert git(top, "diff", "--cached", "--name-only") == ""
            check(top, verb, regolo)
        except AssertionError as error:
            raise AssertionError(f"full from {instant}: {error}") from error


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_killed_anywhere(busy: Path, verb: str, here: Call) -> None:
    kill_at(busy, verb, moments(busy, verb, NAMING), KILLS_OF_A_VERB, here)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_whose_disk_is_full_from_anywhere_on(busy: Path, verb: str, here: Call) -> None:
    chosen = shuffled(moments(busy, verb, FILLING))[:FULL_DISKS_OF_A_VERB]
    full_from(busy, verb, chosen, here)
