"""`kill -9` at random instants: the next run finishes or undoes what was under way, and nothing is lost."""

import random
import signal
import time
from pathlib import Path

import pytest
from test_races import start
from worlds import git, opened, publish_version

from regolo_git.git.lock import clone_lock
from regolo_git.git.recovery import recover


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
def test_two_hundred_kills_leave_nothing_half_done(git_repository: Path) -> None:
    kill_runs(git_repository, 200, seed=2)


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
