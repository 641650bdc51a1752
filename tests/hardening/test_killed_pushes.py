"""A push or pull that another clone overtook, killed at an instant: the next push completes it, once."""

import os
import shutil
from collections import Counter
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
# All instants of a push take half an hour: CI looks at every so manieth, from a different one each time.
STRIDE = int(os.environ.get("REGOLO_KILL_STRIDE", "17"))


@pytest.fixture(scope="module")
def overtaken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a host and with `ours`, two of whose versions and a promotion were overtaken."""
    place = tmp_path_factory.mktemp("overtaken")
    make_host(place)
    with Registry.open(place / "theirs") as theirs:
        theirs.create_model_version("m", model_data=b"theirs")
        theirs.push(yes=True)
    with Registry.open(place / "ours") as ours:
        ours.create_model_version("m", model_data=b"ours")
        ours.create_model_version("m", model_data=b"ours, next", bump="patch")
        ours.promote_model_version("m", "1.1", "staging")
    return place


def copied(overtaken: Path, to: Path) -> Path:
    shutil.copytree(overtaken, to, symlinks=True)
    return to / "ours"


def check(top: Path) -> None:
    """Every version is there once, here and on the host, and the promotion is of the one that it was of."""
    host = top.parent / "host.git"
    numbers = ["m@v1.0", "m@v1.1", "m@v1.2", "m@v1.2.1"]
    assert git(host, "tag", "-l").split() == git(top, "tag", "-l").split() == numbers
    for ref in ("main", *numbers):
        assert git(host, "rev-parse", ref) == git(top, "rev-parse", ref)
    assert git(host, "rev-list", "--count", "main").strip() == "7"
    assert git(top, "status", "--short", "--branch").strip() == "## main...origin/main"
    git(host, "fsck", "--strict")
    with chdir(top):
        assert run(("fsck", "--full")) == 0
    with Registry.open(top) as registry:
        digests = Counter(version.digest for version in registry.list_model_versions("m"))
        promotion = registry.handle.records().promotion("staging", "m")
    assert len(digests) == len(numbers)
    recipes = [path for path in (top.parent / "shared" / "recipes").rglob("*") if path.is_file()]
    assert len([path for path in recipes if not path.suffix]) == len(numbers)
    assert promotion is not None
    assert promotion.version == "1.2"


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_the_next_push_completes_it(overtaken: Path, tmp_path: Path, verb: str) -> None:
    found = instants(copied(overtaken, tmp_path / "counted"), verb, "--yes")
    assert run_program(tmp_path / "counted" / "ours", "push", "--yes").returncode == 0
    check(tmp_path / "counted" / "ours")
    assert len(found) > STRIDE
    for number, instant in enumerate(found[::STRIDE]):
        kill_and_complete(copied(overtaken, tmp_path / str(number)), instant, verb)
        shutil.rmtree(tmp_path / str(number))


def kill_and_complete(top: Path, instant: Instant, verb: str) -> None:
    run_killed(top, instant, verb, "--yes")
    for lock in top.parent.rglob("*.lock"):
        if lock.name != "exchange.lock" and "regolo" not in lock.parts:
            lock.unlink()  # git does not take back what a kill left; it names it
    with chdir(top):
        assert run(("push", "--yes")) == 0, instant
    check(top)
