"""Several clones that commit versions of one model and push at once: all land, and none is overwritten."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from support.clones import Team
from support.git_program import git
from support.places import TESTS
from support.servers.git_http import PASSWORD, USER, GitHttp
from support.servers.sshd import running_sshd

from regolo_git.api import Registry

# How many versions each clone pushes in the slow tests; `REGOLO_RACE_VERSIONS=15` is the long proof.
VERSIONS = int(os.environ.get("REGOLO_RACE_VERSIONS", "4"))
PROGRAM = TESTS / "support" / "racing_clone.py"


def race(team: Team, clones: int, versions: int, url: str | None = None) -> list[Path]:
    """Lets so many clones push so many versions each, to the host or by a URL of it; returns their places."""
    tops = [team.clone(f"clone-{number}").handle.paths.top for number in range(clones)]
    for top in tops if url is not None else ():
        git(top, "remote", "set-url", "origin", str(url))
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
        pytest.param(2, VERSIONS, id="two-long", marks=pytest.mark.slow),
        pytest.param(5, VERSIONS, id="five", marks=pytest.mark.slow),
    ],
)
def test_all_versions_land(team: Team, clones: int, versions: int) -> None:
    tops = race(team, clones, versions)
    check(team, tops, versions)
    for top in tops:
        assert git(top, "status", "--short").strip() == ""


@pytest.mark.slow
@pytest.mark.parametrize("clones", [2, 5], ids=["two", "five"])
def test_all_versions_land_by_http(team: Team, tmp_path: Path, clones: int) -> None:
    git(team.host, "config", "http.receivepack", "true")
    with GitHttp(tmp_path).running() as server:
        credentials = tmp_path / "credentials"
        credentials.write_text(f"http://{USER}:{quote(PASSWORD, safe='')}@{server.address}\n")
        git(tmp_path, "config", "--global", "credential.helper", f"store --file={credentials}")
        tops = race(team, clones, VERSIONS, server.url(team.host))
        check(team, tops, VERSIONS)


@pytest.mark.slow
@pytest.mark.parametrize("clones", [2, 5], ids=["two", "five"])
def test_all_versions_land_by_ssh(team: Team, tmp_path: Path, clones: int) -> None:
    (tmp_path / "sshd").mkdir()
    with running_sshd(tmp_path / "sshd") as server:
        git(tmp_path, "config", "--global", "core.sshCommand", server.ssh_command)
        tops = race(team, clones, VERSIONS, f"ssh://host{team.host}")
        check(team, tops, VERSIONS)
