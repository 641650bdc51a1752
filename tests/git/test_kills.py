"""`kill -9` at random instants: the next run finishes or undoes what was under way, and nothing is lost."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened, publish_version
from support.writers import start

from regolo_git.git.lock import clone_lock
from regolo_git.git.recovery import recover

pytestmark = pytest.mark.slow  # CI runs it, too

# In the slow test; `REGOLO_KILLS=200` is the long proof.
KILLS = int(os.environ.get("REGOLO_KILLS", "40"))


def check(top: Path, confirmed: set[str]) -> None:
    """After a recovery, as `doctor` does it, everything agrees with everything."""
    repository = opened(top)
    with clone_lock(repository.paths):
        recover(repository)
    tags = set(git(top, "tag", "--list").split())
    assert confirmed <= tags
    assert set(git(top, "tag", "--list", "--merged", "main").split()) == tags
    assert git(top, "rev-list", "--count", "main").strip() == str(len(tags))
    assert git(top, "status", "--porcelain") == ""
    assert not list((top / ".git").rglob("*.lock"))


def kill_runs(top: Path, kills: int, seed: int) -> None:
    publish_version(top, "m", "1.0")
    chance, confirmed, number = random.Random(seed), {"m@v1.0"}, 1
    for _ in range(kills):
        writer = start(top, "m", number, 1000)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        writer.send_signal(signal.SIGKILL)
        confirmed |= set(writer.communicate()[0].split())
        check(top, confirmed)
        number = int(git(top, "rev-list", "--count", "main"))
    git(top, "fsck", "--strict")
    publish_version(top, "m", "2.0")


def test_killed_writers_leave_nothing_half_done(git_repository: Path) -> None:
    kill_runs(git_repository, 25, seed=1)


@pytest.mark.slow
def test_many_kills_leave_nothing_half_done(git_repository: Path) -> None:
    kill_runs(git_repository, KILLS, seed=2)


def test_a_child_of_a_killed_writer_ends_before_the_next_writer_begins(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    hook = git_repository / ".git" / "hooks" / "post-index-change"
    hook.write_text('#!/bin/sh\ntouch "$GIT_DIR/started"; sleep 1; touch "$GIT_DIR/ended"\n')
    hook.chmod(0o755)
    writer = start(git_repository, "m", 1, 1)
    started, ended = (git_repository / ".git" / name for name in ("started", "ended"))
    while not started.exists():
        time.sleep(0.01)
    writer.kill()
    writer.communicate()
    with clone_lock(opened(git_repository).paths):
        assert ended.exists()
    hook.unlink()
    check(git_repository, {"m@v1.0"})


def test_a_git_killed_with_us_leaves_only_locks_that_we_recognize(
    git_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "update-index", "--index-version=4")  # which git itself changes
    real, program = shutil.which("git"), tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntest "$1" = update-index && kill -9 0\nexec {real} "$@"\n')
    program.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        writer = start(git_repository, "m", 1, 1)
        assert writer.communicate()[0] == ""
    assert writer.returncode == -signal.SIGKILL
    assert (git_repository / ".git" / "index.lock").exists()
    check(git_repository, {"m@v1.0"})
    assert not list((git_repository / ".git").glob("regolo-*"))
    publish_version(git_repository, "m", "1.1")
