"""A promotion with `--push`, killed at an instant: what is here is at the host, and the next one completes it."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

import pytest
from support.git_program import git, new_repository
from support.program import run_program
from support.system_calls import Instant, can_trace, instants, run_killed

from regolo_git.api import Registry
from regolo_git.cli.main import run
from regolo_git.registry.configuration import change_setting

pytestmark = [
    pytest.mark.slow,  # CI runs it, too
    pytest.mark.skipif(not can_trace(), reason="strace cannot trace here"),
]
STRIDE = int(os.environ.get("REGOLO_KILL_STRIDE", "17"))  # as for `test_killed_pushes.py`
CHANGE = ("promote", "m@1.1", "production", "--push")


@pytest.fixture(scope="module", params=["main", "ops"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A host and `ours`, which is behind it by a promotion, and the branch where operations are."""
    place, branch = tmp_path_factory.mktemp("behind"), str(request.param)
    top = new_repository(place / "first")
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)
    with Registry.init(top) as registry:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.create_endpoint("e", "m", "1.0", "production")
        if branch != "main":
            change_setting(registry.handle, "registry.operations", branch)
    git(place, "clone", "-q", "--bare", "first", "host.git")
    for name in ("ours", "theirs"):
        git(place, "clone", "-q", "host.git", name)
        git(place / name, "remote", "set-url", "origin", "../host.git")
        git(place / name, "config", "regolo.store", "../first/.git/regolo/store")
        git(place / name, "config", "user.name", name)
        git(place / name, "config", "user.email", f"{name}@example.com")
    if branch != "main":
        git(place / "ours", "branch", "-q", branch, f"origin/{branch}")
    with Registry.open(place / "theirs") as theirs:
        theirs.promote_model_version("m", "1.0", "staging", push=True)
    return place, branch


def copied(source: Path, to: Path) -> Path:
    shutil.copytree(source, to, symlinks=True)
    return to / "ours"


def check(top: Path, branch: str) -> None:
    """The promotion is there once, here and at the host, on top of that of the others."""
    host = top.parent / "host.git"
    assert git(host, "log", "-2", "--format=%s", branch).splitlines() == [
        "promote m@1.1 to production",
        "promote m@1.0 to staging",
    ]
    assert git(top, "rev-parse", branch) == git(host, "rev-parse", branch)
    assert git(top, "status", "--porcelain") == ""
    git(host, "fsck", "--strict")
    with chdir(top):
        assert run(("fsck", "--full")) == 0


def test_the_next_one_completes_it(behind: tuple[Path, str], tmp_path: Path) -> None:
    place, branch = behind
    found = instants(copied(place, tmp_path / "counted"), *CHANGE)
    check(tmp_path / "counted" / "ours", branch)
    assert len(found) > STRIDE
    for number, instant in enumerate(found[::STRIDE]):
        kill_and_complete(copied(place, tmp_path / str(number)), branch, instant)
        shutil.rmtree(tmp_path / str(number))


def kill_and_complete(top: Path, branch: str, instant: Instant) -> None:
    run_killed(top, instant, *CHANGE)
    for lock in top.parent.rglob("*.lock"):
        if "regolo" not in lock.parts:
            lock.unlink()  # git does not take back what a kill left; it names it
    git(top, "fetch", "-q")
    # Nothing is here that is not at the host.
    git(top, "merge-base", "--is-ancestor", branch, f"origin/{branch}")
    done = run_program(top, *CHANGE)
    arrived = done.returncode == 4 and "is already promoted to 'production'" in done.stderr
    assert done.returncode == 0 or arrived, (instant, done.stderr)
    check(top, branch)
