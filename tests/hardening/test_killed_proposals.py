"""A proposal made again with `--push`, killed at an instant: the same command, run again, completes it, once."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

import pytest
from support.clones import make_host
from support.git_program import git
from support.program import run_program
from support.system_calls import Instant, can_trace, instants, run_killed

from regolo_git.api import Registry
from regolo_git.cli.main import run

pytestmark = [
    pytest.mark.slow,  # CI runs it, too
    pytest.mark.skipif(not can_trace(), reason="strace cannot trace here"),
]
STRIDE = int(os.environ.get("REGOLO_KILL_STRIDE", "17"))  # as for `test_killed_pushes.py`
AGAIN = ("commit", "m", "--propose", "--again", "--push")


@pytest.fixture(scope="module", params=["main", "proposal", "no reflogs"])
def overtaken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A host and `ours`, whose pushed proposal of 1.1 was overtaken, on a branch that is checked out or not."""
    place = tmp_path_factory.mktemp("overtaken")
    make_host(place)
    if request.param == "no reflogs":
        git(place / "ours", "config", "core.logAllRefUpdates", "false")
        shutil.rmtree(place / "ours" / ".git" / "logs")
    (place / "ours.bin").write_bytes(b"ours")
    assert run_program(place / "ours", "commit", "m", "../ours.bin", "--propose").returncode == 0
    assert run_program(place / "ours", "push", "--yes").returncode == 0
    with Registry.open(place / "theirs") as theirs:
        theirs.create_model_version("m", model_data=b"theirs")
        theirs.push(yes=True)
    if request.param == "proposal":
        git(place / "ours", "switch", "-q", proposal(place / "ours"))
    return place


def copied(source: Path, to: Path) -> Path:
    shutil.copytree(source, to, symlinks=True)
    return to / "ours"


def proposal(top: Path) -> str:
    return git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads/propose").strip()


def check(top: Path) -> None:
    """The proposal is 1.2, one commit on the tip of `main`, here and at the host, and its bytes are there."""
    host, name = top.parent / "host.git", proposal(top)
    assert git(host, "rev-list", "--count", f"main..{name}").strip() == "1"
    assert git(top, "rev-parse", name, f"origin/{name}") == git(host, "rev-parse", name) * 2
    assert 'version = "1.2"' in git(host, "show", f"{name}:models/m/manifest.toml")
    assert git(host, "tag", "-l").split() == ["m@v1.0", "m@v1.1"]
    assert git(top, "status", "--porcelain") == ""
    assert git(top, "diff", "HEAD", "--stat") == ""
    git(host, "fsck", "--strict")
    with chdir(top):
        assert run(("fsck", "--full")) == 0
        assert run(("fsck", "--full", "--shared")) == 0


def test_the_same_command_completes_it(overtaken: Path, tmp_path: Path) -> None:
    found = instants(copied(overtaken, tmp_path / "counted"), *AGAIN)
    check(tmp_path / "counted" / "ours")
    assert len(found) > STRIDE
    for number, instant in enumerate(found[::STRIDE]):
        kill_and_complete(copied(overtaken, tmp_path / str(number)), instant)
        shutil.rmtree(tmp_path / str(number))


def kill_and_complete(top: Path, instant: Instant) -> None:
    run_killed(top, instant, *AGAIN)
    for lock in top.parent.rglob("*.lock"):
        if "regolo" not in lock.parts:
            lock.unlink()  # git does not take back what a kill left; it names it
    done = run_program(top, *AGAIN)
    if done.returncode == 4 and "hint: git fetch --prune origin" in done.stderr:
        git(top, "fetch", "-q", "--prune", "origin")  # git was killed before it noted what it had pushed
        done = run_program(top, *AGAIN)
    arrived = done.returncode == 4 and "is already proposed at the newest commit of 'main'" in done.stderr
    assert done.returncode == 0 or arrived, (instant, done.stderr)
    check(top)
