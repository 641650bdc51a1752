"""Several clones that commit versions of one model and push at once: all land, and none is overwritten."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.clones import Team
from support.git_program import git
from support.places import TESTS

from regolo_git.api import Registry

PROGRAM = TESTS / "support" / "racing_clone.py"


def race(team: Team, clones: int, versions: int) -> list[Path]:
    """Lets so many clones push so many versions each; returns their places."""
    tops = [team.clone(f"clone-{number}").handle.paths.top for number in range(clones)]
    running = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), str(top), "m", str(versions)], stderr=subprocess.PIPE, text=True
        )
        for top in tops
    ]
    for process in running:
        _, told = process.communicate(timeout=600)
        assert process.returncode == 0, told
    return tops


def check(team: Team, tops: list[Path], versions: int) -> None:
    """Every version is on the host once, with its bytes, under the next number."""
    count = len(tops) * versions
    expected = [f"1.{number}" for number in range(count + 1)]
    assert team.numbers("m") == expected
    assert sorted(team.tags()) == sorted(f"m@v{number}" for number in expected)
    git(team.host, "fsck", "--strict")
    with Registry.open(tops[0]) as registry:
        git(tops[0], "fetch", "-q", "--tags")
        git(tops[0], "merge", "-q", "--ff-only", "origin/main")
        bytes_of = Counter(version.digest for version in registry.list_model_versions("m"))
    assert len(bytes_of) == count + 1


@pytest.mark.parametrize(
    ("clones", "versions"),
    [
        pytest.param(2, 3, id="two"),
        pytest.param(2, 15, id="two-long", marks=pytest.mark.slow),
        pytest.param(5, 15, id="five", marks=pytest.mark.slow),
    ],
)
def test_all_versions_land(team: Team, clones: int, versions: int) -> None:
    tops = race(team, clones, versions)
    check(team, tops, versions)
    for top in tops:
        assert git(top, "status", "--short").strip() == ""
